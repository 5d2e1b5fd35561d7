/** Where a set of samples is dense: lines around it, as a map's. */
import type { Point } from "../state/filters";

/** Cells of the grid along each side; the outermost ones stay empty, so that every line closes. */
const CELLS = 72;
const MARGIN = 3;
/** Share of the samples that lie inside the lines. */
const INSIDE = 0.9;
/** The least extent of a set, in the plane: copies lie at one place. */
const NARROWEST = 0.02;
/** Fewer samples have no outline. */
const FEWEST = 8;
/** Rows that are looked at; a regular sample of more. */
const MOST = 20_000;
/** Width of the blur as a share of Scott's, and its bounds in cells. */
const WIDTH = 0.9;
const BLUR = { least: 1, greatest: 5 };

/**
 * Closed lines around the places where most of the rows are.
 *
 * Density is a histogram blurred by Scott's rule (1992); the level is that which most rows exceed.
 *
 * @param x (n) coordinates of all rows; NaN is nowhere.
 * @param rows of the set.
 * @returns polygons in the plane, to be filled by the even-odd rule; none for very few rows.
 */
export function outlines(x: Float32Array, y: Float32Array, rows: Uint32Array): Point[][] {
  const step = Math.max(1, Math.ceil(rows.length / MOST));
  const known = rows.filter((row, place) => place % step === 0 && x[row]! === x[row]);
  if (known.length < FEWEST) return [];
  const grid = gridOver(x, y, known);
  const density = blurred(countCells(grid, x, y, known), grid.blur);
  const levels = Float32Array.from(known, (row) => density[cellOf(grid, x[row]!, y[row]!)]!).sort();
  // Where all lie close together no density stands out: half of the greatest is a line around them.
  const level = Math.min(levels[Math.floor((1 - INSIDE) * levels.length)]!, levels.at(-1)! / 2);
  return rings(density, level).map((ring) =>
    ring.map(([column, line]): Point => [
      grid.left + (column + 0.5) * grid.size,
      grid.bottom + (line + 0.5) * grid.size,
    ]),
  );
}

interface Grid {
  readonly left: number;
  readonly bottom: number;
  /** side of a cell in the plane. */
  readonly size: number;
  /** standard deviation of the blur, in cells. */
  readonly blur: number;
}

function gridOver(x: Float32Array, y: Float32Array, rows: Uint32Array): Grid {
  const [across, up] = [spread(x, rows), spread(y, rows)];
  const reach = Math.max(across.high - across.low, up.high - up.low, NARROWEST);
  const size = reach / (CELLS - 2 * MARGIN * BLUR.greatest);
  const scott = rows.length ** (-1 / 6) * Math.sqrt((across.variance + up.variance) / 2);
  const blur = Math.max(BLUR.least, Math.min(BLUR.greatest, (WIDTH * scott) / size));
  const half = (CELLS * size) / 2;
  return {
    left: (across.low + across.high) / 2 - half,
    bottom: (up.low + up.high) / 2 - half,
    size,
    blur,
  };
}

function spread(values: Float32Array, rows: Uint32Array) {
  let [low, high, sum, squares] = [Infinity, -Infinity, 0, 0];
  for (const row of rows) {
    const value = values[row]!;
    low = Math.min(low, value);
    high = Math.max(high, value);
    sum += value;
    squares += value * value;
  }
  const mean = sum / rows.length;
  return { low, high, variance: Math.max(0, squares / rows.length - mean * mean) };
}

function cellOf({ left, bottom, size }: Grid, x: number, y: number): number {
  return Math.floor((y - bottom) / size) * CELLS + Math.floor((x - left) / size);
}

function countCells(grid: Grid, x: Float32Array, y: Float32Array, rows: Uint32Array): Float32Array {
  const counts = new Float32Array(CELLS * CELLS);
  for (const row of rows) counts[cellOf(grid, x[row]!, y[row]!)]!++;
  return counts;
}

/** A grid blurred along both sides; its edge stays empty. */
function blurred(counts: Float32Array, deviation: number): Float32Array {
  const reach = Math.ceil(MARGIN * deviation) - 1;
  const kernel = Float32Array.from({ length: 2 * reach + 1 }, (_, k) =>
    Math.exp(-((k - reach) ** 2) / (2 * deviation ** 2)),
  );
  return alongside(alongside(counts, kernel, 1), kernel, CELLS);
}

function alongside(values: Float32Array, kernel: Float32Array, step: number): Float32Array {
  const reach = (kernel.length - 1) / 2;
  const out = new Float32Array(values.length);
  for (let cell = 0; cell < values.length; cell++) {
    const value = values[cell]!;
    if (!value) continue;
    for (let k = -reach; k <= reach; k++) out[cell + k * step]! += value * kernel[k + reach]!;
  }
  return out;
}

/** Edges of a cell. */
const [TOP, RIGHT, BOTTOM, LEFT] = [0, 1, 2, 3];
/** From which edge to which a line goes, by the corners that are inside: 1, 2, 4, 8 clockwise from the first. */
const LINES: readonly (readonly (readonly [number, number])[])[] = [
  [],
  [[LEFT, TOP]],
  [[TOP, RIGHT]],
  [[LEFT, RIGHT]],
  [[RIGHT, BOTTOM]],
  [
    [LEFT, TOP],
    [RIGHT, BOTTOM],
  ],
  [[TOP, BOTTOM]],
  [[LEFT, BOTTOM]],
  [[BOTTOM, LEFT]],
  [[BOTTOM, TOP]],
  [
    [TOP, RIGHT],
    [BOTTOM, LEFT],
  ],
  [[BOTTOM, RIGHT]],
  [[RIGHT, LEFT]],
  [[RIGHT, TOP]],
  [[TOP, LEFT]],
  [],
];

/** Closed lines at a level, by marching squares (Lorensen and Cline 1987, in the plane): columns and lines of the grid. */
function rings(values: Float32Array, level: number): Point[][] {
  const next = new Map<number, { to: number; at: Point }>();
  for (let line = 0; line < CELLS - 1; line++)
    for (let column = 0; column < CELLS - 1; column++) {
      const cell = line * CELLS + column;
      const corners = [cell, cell + 1, cell + CELLS + 1, cell + CELLS].map((one) => values[one]!);
      const inside = corners.reduce((code, value, bit) => code | (Number(value > level) << bit), 0);
      for (const [from, to] of LINES[inside]!)
        next.set(edgeOf(cell, from), {
          to: edgeOf(cell, to),
          at: pointOn(from, column, line, corners, level),
        });
    }
  return closed(next);
}

/** A number for each edge of the grid, the same from both of its cells. */
function edgeOf(cell: number, edge: number): number {
  if (edge === TOP) return 2 * cell;
  if (edge === BOTTOM) return 2 * (cell + CELLS);
  return edge === LEFT ? 2 * cell + 1 : 2 * (cell + 1) + 1;
}

function pointOn(
  edge: number,
  column: number,
  line: number,
  corners: number[],
  level: number,
): Point {
  const share = (from: number, to: number) =>
    (level - corners[from]!) / (corners[to]! - corners[from]!);
  if (edge === TOP) return [column + share(0, 1), line];
  if (edge === BOTTOM) return [column + share(3, 2), line + 1];
  return edge === LEFT ? [column, line + share(0, 3)] : [column + 1, line + share(1, 2)];
}

function closed(next: Map<number, { to: number; at: Point }>): Point[][] {
  const found: Point[][] = [];
  while (next.size) {
    let edge = next.keys().next().value!;
    const ring: Point[] = [];
    for (let part = next.get(edge); part; part = next.get(edge)) {
      next.delete(edge);
      ring.push(part.at);
      edge = part.to;
    }
    found.push(ring);
  }
  return found;
}
