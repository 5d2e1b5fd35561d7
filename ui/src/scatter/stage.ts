import { effect, signal, untracked, type ReadonlySignal } from "@preact/signals";
import { expose, mark } from "../parts/probe";
import { theme } from "../parts/theme";
import type { Session } from "../state/session";
import { drawOverlay, type OverlayParts } from "./overlay";
import { planeAt, projectorOf } from "./camera";
import { RegionOutline } from "./region";
import type { Projector } from "./look";
import { Raster } from "./raster";
import { Scene } from "./scene";
import { pictureAt, shownThumbnails } from "./pictures";

/** Milliseconds of a frame that drawing may take; the rest is the browser's. */
const FRAME_BUDGET = 10;
/** Milliseconds that points take from one epoch to another. */
const MOVING = 800;
/** Device pixels per CSS pixel at most: beyond it drawing costs more than the eye gains. */
const LARGEST_RATIO = 2;
/** CSS pixels around the pointer in which the nearest point is found. */
const REACH = 5;

/** Ties the points to two canvases: draws them frame by frame, and finds the one at a place. */
export class Stage {
  readonly scene: Scene;
  /** Rises when the coloring has changed, for the legend. */
  readonly coloringVersion: ReadonlySignal<number>;
  /** What is drawn above the points; change it by `overlay`. */
  private parts: OverlayParts = { path: [], pictures: [], outlines: [] };
  private readonly region: RegionOutline;
  private readonly raster = new Raster();
  private readonly context: CanvasRenderingContext2D;
  private readonly above: CanvasRenderingContext2D;
  private readonly recolored = signal(0);
  private image: ImageData | null = null;
  private ratio = 1;
  private frame = 0;
  private stale = true;
  private departed = NaN;
  private readonly endings: (() => void)[] = [];

  constructor(
    private readonly session: Session,
    private readonly canvas: HTMLCanvasElement,
    private readonly overlayCanvas: HTMLCanvasElement,
    private readonly pictures: ReadonlySignal<boolean>,
  ) {
    this.context = canvas.getContext("2d")!;
    this.above = overlayCanvas.getContext("2d")!;
    this.scene = new Scene(session);
    this.region = new RegionOutline(session);
    this.coloringVersion = this.recolored;
    expose({ session, stage: this });
    this.follow();
    const observer = new ResizeObserver(() => this.resize());
    observer.observe(canvas);
    this.endings.push(() => observer.disconnect());
  }

  /** Stop drawing and following. */
  close(): void {
    cancelAnimationFrame(this.frame);
    for (const end of this.endings) end();
  }

  /** Width and height in CSS pixels. */
  get extent(): [width: number, height: number] {
    return [this.canvas.width / this.ratio, this.canvas.height / this.ratio];
  }

  /** From the plane to CSS pixels of the canvas. */
  get projector(): Projector {
    return projectorOf(this.session.camera.peek(), ...this.extent);
  }

  /** The place in the plane at a CSS pixel of the canvas. */
  planeAt(x: number, y: number): [x: number, y: number] {
    return planeAt(x, y, this.projector);
  }

  /** The row whose picture or point is at a CSS pixel of the canvas; null if there is none. */
  rowAt(x: number, y: number): number | null {
    if (!this.session.isWhole.peek()) return null;
    const { x: xs, y: ys } = this.scene.points;
    return pictureAt(this.parts.pictures, x, y, this.projector, xs, ys) ?? this.pointAt(x, y);
  }

  private pointAt(x: number, y: number): number | null {
    const [px, py] = [Math.floor(x * this.ratio), Math.floor(y * this.ratio)];
    const reach = Math.round(REACH * this.ratio);
    let [nearest, least] = [-1, Infinity];
    for (let v = -reach; v <= reach; v++)
      for (let u = -reach; u <= reach; u++) {
        const distance = u * u + v * v;
        if (distance >= least || distance > reach * reach) continue;
        const row = this.raster.rowAt(px + u, py + v);
        if (row >= 0) [nearest, least] = [row, distance];
      }
    return nearest < 0 ? null : nearest;
  }

  /** Whether the picture is complete, for measurements. */
  get settled(): boolean {
    return this.frame === 0;
  }

  /** Draw a path under way (CSS pixels) above the points. */
  setPath(path: OverlayParts["path"]): void {
    this.parts = { ...this.parts, path };
    this.ask();
  }

  private follow(): void {
    const { session, scene } = this;
    const on = (run: () => void) => this.endings.push(effect(run));
    const view = session.state;
    let [color, size, projection] = [NaN, NaN, -1] as unknown[];
    on(() => {
      const next = view.value;
      untracked(() => {
        if (next.color !== color) this.recolor((color = next.color) as string | null);
        if (next.size !== size) scene.sizeBy((size = next.size) as string | null);
        if (next.projection !== projection) this.relocate((projection = next.projection) as number);
      });
      this.redraw();
    });
    on(() => {
      session.revision.value;
      session.camera.value;
      theme.value;
      this.redraw();
    });
    on(() => {
      session.hovered.value;
      session.thumbnails.version.value;
      this.pictures.value;
      this.ask();
    });
  }

  private recolor(column: string | null): void {
    this.scene.colorBy(column);
    this.recolored.value++;
  }

  private relocate(projection: number): void {
    this.scene.place(this.session.dataset.plane(projection));
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (this.scene.canMove && !still) this.departed = performance.now();
    else this.scene.moveTo(1);
  }

  private redraw(): void {
    this.stale = true;
    this.ask();
  }

  private ask(): void {
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.canvas;
    if (!clientWidth || !clientHeight) return;
    this.ratio = Math.min(LARGEST_RATIO, devicePixelRatio || 1);
    const [width, height] = [clientWidth, clientHeight].map((side) => Math.round(side * this.ratio));
    if (this.image?.width === width && this.image?.height === height) return;
    for (const canvas of [this.canvas, this.overlayCanvas]) {
      canvas.width = width!;
      canvas.height = height!;
    }
    this.image = this.context.createImageData(width!, height!);
    this.raster.resize(width!, height!, new Uint32Array(this.image.data.buffer));
    this.redraw();
    // At once: the browser clears a canvas whose size changes.
    cancelAnimationFrame(this.frame);
    this.draw();
  }

  private draw(): void {
    this.frame = 0;
    const { raster, image } = this;
    if (!image) return;
    const now = performance.now();
    const moving = this.move(now);
    if (this.stale || moving) this.begin();
    if (!raster.done) {
      raster.step(() => performance.now(), now + FRAME_BUDGET);
      this.context.putImageData(image, 0, 0);
      mark("first");
      if (raster.done) mark("complete");
      if (raster.done && !moving) this.parts = { ...this.parts, pictures: this.choosePictures() };
    } else if (this.parts.pictures.length === 0 || !this.pictures.peek())
      this.parts = { ...this.parts, pictures: this.choosePictures() };
    // Points on their way are not where the outline is.
    this.parts = { ...this.parts, outlines: moving ? [] : this.region.lines };
    drawOverlay(this.above, this.session, this.scene, this.parts, this.ratio, this.projector);
    if (!raster.done || moving) this.ask();
  }

  private begin(): void {
    const { raster, session } = this;
    const look = this.scene.look(
      session.camera.peek(),
      raster.width,
      raster.height,
      this.ratio,
      theme.peek(),
    );
    raster.begin(this.scene.points, look);
    this.stale = false;
  }

  /** Move the points on; returns whether they are still on their way. */
  private move(now: number): boolean {
    if (Number.isNaN(this.departed)) return false;
    const share = Math.min(1, (now - this.departed) / MOVING);
    this.scene.moveTo(share < 1 ? (1 - Math.cos(Math.PI * share)) / 2 : 1);
    if (share === 1) this.departed = NaN;
    this.stale = true;
    return share < 1;
  }

  private choosePictures() {
    if (!this.pictures.peek()) return [];
    const [width, height] = this.extent;
    return shownThumbnails(this.session, this.scene, this.projector, width, height);
  }
}
