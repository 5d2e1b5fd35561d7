import type { Plane } from "../data/dataset";
import type { Theme } from "../parts/theme";
import type { Session } from "../state/session";
import type { Camera } from "../state/view";
import { projectorOf } from "./camera";
import { coloringOf, levels, scaleOf, type Coloring } from "./coloring";
import { drawingOrder, importanceBy, inOrder } from "./order";
import { categoryPalette, numberPalette, rasterColors } from "./palette";
import type { Look, Points } from "./look";

/** Share of the picture that all discs together may cover at zoom 1. */
const COVERED = 0.3;
/** Discs are drawn from this diameter on, in CSS pixels; below it, colors are mixed. */
const SMALLEST_DISC = 3;
const LARGEST_DISC = 15;
const LARGEST_AT_FIRST = 7.5;
/** Cells of a grid over the plane, along each side, and the share of them that usually holds any. */
const CELLS = 40;
const USUALLY_OCCUPIED = 0.4;
const SAMPLED = 20_000;
const SPLAT = 2;
/** Where so small a share of the samples passes the filters, they are drawn so much larger. */
const FEW = 0.12;
const LARGER = 1.5;
/** Diameter of discs that fail a filter, as a share of the others'. */
const MUTED = 0.8;
/** How discs grow with the zoom. */
const GROWTH = 0.62;

/** What the scatter draws, in the order of drawing: remade as little as can be. */
export class Scene {
  coloring: Coloring;
  private readonly rows: Uint32Array;
  private color: Uint8Array;
  private size: Uint8Array | null = null;
  private x: Float32Array;
  private y: Float32Array;
  private from: { x: Float32Array; y: Float32Array } | null = null;
  /** How much smaller points are because they crowd in a few places, 0…1. */
  private crowding = 1;
  private shown: { x: Float32Array; y: Float32Array };

  constructor(private readonly session: Session) {
    const { dataset } = session;
    const loss = dataset.column("loss");
    this.rows = drawingOrder(dataset.n, loss?.kind === "number" ? importanceBy(loss) : null);
    this.coloring = { kind: "one", codes: new Uint8Array(dataset.n) };
    this.color = this.coloring.codes;
    this.x = this.y = new Float32Array(dataset.n).fill(NaN);
    this.shown = { x: this.x, y: this.y };
  }

  /** The points as they are now. */
  get points(): Points {
    return { rows: this.rows, x: this.shown.x, y: this.shown.y, color: this.color, size: this.size };
  }

  /** Color by a column; null is one color. */
  colorBy(name: string | null): void {
    const { dataset } = this.session;
    const column = dataset.column(name);
    this.coloring = coloringOf(column, () => this.session.total(name!), dataset.n);
    this.color = inOrder(this.coloring.codes, this.rows);
  }

  /** Size by a column of numbers; null is one size. */
  sizeBy(name: string | null): void {
    const column = this.session.dataset.column(name);
    const scale = column?.kind === "number" ? scaleOf(column) : null;
    if (column?.kind !== "number" || !scale) this.size = null;
    else this.size = inOrder(missingAsLeast(levels(column, scale)), this.rows);
  }

  /** Place the points; `moveTo` shows where they are on the way from where they were. */
  place(plane: Plane | undefined): void {
    this.from = { x: this.shown.x, y: this.shown.y };
    const { n } = this.session.dataset;
    this.x = plane ? inOrder(plane.x, this.rows) : new Float32Array(n).fill(NaN);
    this.y = plane ? inOrder(plane.y, this.rows) : this.x;
    this.shown = { x: this.x, y: this.y };
    this.crowding = Math.min(1, occupied(this.x, this.y) / USUALLY_OCCUPIED) ** 0.25;
  }

  /** Whether there is a way to go: the points were elsewhere before. */
  get canMove(): boolean {
    return this.from !== null && this.from.x.some((value) => value === value);
  }

  /**
   * Show the points on their way.
   *
   * @param share of the way, 0…1; at 1 they have arrived.
   */
  moveTo(share: number): void {
    if (share >= 1 || !this.from) {
      this.shown = { x: this.x, y: this.y };
      this.from = null;
      return;
    }
    const { n } = this.session.dataset;
    if (this.shown.x === this.x) this.shown = { x: new Float32Array(n), y: new Float32Array(n) };
    between(this.from.x, this.x, share, this.shown.x);
    between(this.from.y, this.y, share, this.shown.y);
  }

  /**
   * How a picture looks.
   *
   * @param ratio device pixels per CSS pixel.
   */
  look(camera: Camera, width: number, height: number, ratio: number, theme: Theme): Look {
    const { n } = this.session.dataset;
    const first = Math.sqrt((COVERED * width * height * 4) / Math.PI / Math.max(1, n)) / ratio;
    const grown = this.crowding * Math.min(LARGEST_AT_FIRST, first) * camera.zoom ** GROWTH;
    const discs = grown >= SMALLEST_DISC;
    const diameter = ratio * (discs ? Math.min(LARGEST_DISC, grown) : SPLAT);
    const kept = this.session.keptCount.peek();
    const larger = kept < FEW * n ? (discs ? Math.sqrt(LARGER) : LARGER) : 1;
    return {
      ...projectorOf(camera, width, height),
      ...rasterColors(theme),
      mode: discs ? "discs" : "density",
      diameter: diameter * larger,
      mutedDiameter: diameter * (discs ? MUTED : 1),
      palette: this.palette(theme),
      fails: this.session.fails,
      filtered: kept < n,
    };
  }

  private palette(theme: Theme): Uint32Array {
    if (this.coloring.kind === "number")
      return numberPalette(theme, this.coloring.scale.diverging);
    if (this.coloring.kind === "category") return categoryPalette(theme);
    return new Uint32Array(256).fill(rasterColors(theme).one);
  }
}

/** The share of a coarse grid over the plane that holds any point, 0…1; a sample is looked at. */
function occupied(x: Float32Array, y: Float32Array): number {
  const step = Math.max(1, Math.floor(x.length / SAMPLED));
  const filled = new Set<number>();
  let seen = 0;
  for (let k = 0; k < x.length; k += step, seen++) {
    const cell = Math.floor(((x[k]! + 1) * CELLS) / 2) * CELLS + Math.floor(((y[k]! + 1) * CELLS) / 2);
    if (cell === cell) filled.add(cell);
  }
  return seen ? filled.size / Math.min(CELLS ** 2, 2 * seen) : 1;
}

function between(from: Float32Array, to: Float32Array, share: number, out: Float32Array): void {
  for (let k = 0; k < out.length; k++) {
    const a = from[k]!;
    const b = to[k]!;
    // A point that was nowhere, or goes nowhere, does not fly in from a corner.
    out[k] = a === a ? a + (b - a) * share : b;
  }
}

function missingAsLeast(codes: Uint8Array): Uint8Array {
  return codes.map((code) => (code === 255 ? 0 : code));
}
