/** Places between two pixels, in each direction, at which a disc can lie. */
export const MASK_PHASES = 3;
/** Samples per pixel and direction that measure how far a disc covers it. */
const SUPERSAMPLES = 4;
/** From this diameter on a disc has a rim of paper, in pixels. */
const RIMMED = 4;
const RIM = 0.7;

/** A disc as pixels: a square of `side`, row by row. */
export interface DiscMask {
  readonly side: number;
  /** How far the disc with its rim covers a pixel, of 255. */
  readonly cover: Uint8Array;
  /** How much of what it covers is the disc, of 255; the rest is rim. */
  readonly core: Uint8Array;
}

/** The masks of a disc at every phase: `masks[phaseY * MASK_PHASES + phaseX]`. */
export function discMask(diameter: number): DiscMask[] {
  const rim = diameter >= RIMMED ? RIM : 0;
  const side = Math.ceil(diameter + 2 * rim) + 1;
  const masks: DiscMask[] = [];
  for (let down = 0; down < MASK_PHASES; down++)
    for (let right = 0; right < MASK_PHASES; right++) {
      const x = side / 2 + (right + 0.5) / MASK_PHASES - 0.5;
      const y = side / 2 + (down + 0.5) / MASK_PHASES - 0.5;
      masks.push(maskAt(side, x, y, diameter / 2, rim));
    }
  return masks;
}

function maskAt(side: number, x: number, y: number, radius: number, rim: number): DiscMask {
  const cover = coverage(side, x, y, radius + rim);
  const inner = rim ? coverage(side, x, y, radius) : cover;
  const core = cover.map((covered, at) => (covered ? Math.round((255 * inner[at]!) / covered) : 0));
  return { side, cover, core };
}

function coverage(side: number, x: number, y: number, radius: number): Uint8Array {
  const cover = new Uint8Array(side * side);
  for (let v = 0; v < side; v++)
    for (let u = 0; u < side; u++) cover[v * side + u] = Math.round(255 * covered(u - x, v - y, radius));
  return cover;
}

/** Share of a pixel, whose corner lies at (left, top) from the middle, that a disc covers. */
function covered(left: number, top: number, radius: number): number {
  let hits = 0;
  for (let a = 0; a < SUPERSAMPLES; a++)
    for (let b = 0; b < SUPERSAMPLES; b++) {
      const [u, v] = [left + (a + 0.5) / SUPERSAMPLES, top + (b + 0.5) / SUPERSAMPLES];
      if (u * u + v * v <= radius * radius) hits++;
    }
  return hits / SUPERSAMPLES ** 2;
}
