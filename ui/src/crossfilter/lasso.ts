import type { Point } from "../state/filters";

/** Strips into which the plane is cut; a point is tested against the edges of its strip alone. */
const STRIPS = 512;

/**
 * Mark the rows outside a polygon, by the even-odd rule.
 *
 * The same arithmetic as the plain test of every point against every edge, over fewer edges.
 *
 * @param polygon corners in the plane, closed by itself; fewer than three hold nothing.
 * @param x (n) NaN is outside.
 * @param y (n)
 * @param mask (n) gets 1 outside, 0 inside.
 */
export function markOutside(
  polygon: readonly Point[],
  x: Float32Array,
  y: Float32Array,
  mask: Uint8Array,
): void {
  mask.fill(1);
  if (polygon.length < 3) return;
  const box = boundingBox(polygon);
  const scale = STRIPS / (box.bottom === box.top ? 1 : box.top - box.bottom);
  const { first, edges } = edgesByStrip(polygon, box.bottom, scale);
  for (let row = 0; row < x.length; row++) {
    const px = x[row]!;
    const py = y[row]!;
    if (!(px >= box.left && px <= box.right && py >= box.bottom && py <= box.top)) continue;
    const strip = stripOf(py, box.bottom, scale);
    let inside = 0;
    for (let at = first[strip]!; at < first[strip + 1]!; at++)
      inside ^= crosses(edges, 4 * at, px, py);
    mask[row] = 1 - inside;
  }
}

/** 1 if a ray from the point to the right crosses the edge that starts at `at`, else 0. */
function crosses(edges: Float64Array, at: number, px: number, py: number): 0 | 1 {
  const ax = edges[at]!;
  const ay = edges[at + 1]!;
  const bx = edges[at + 2]!;
  const by = edges[at + 3]!;
  return ay > py !== by > py && px < ((bx - ax) * (py - ay)) / (by - ay) + ax ? 1 : 0;
}

function stripOf(y: number, bottom: number, scale: number): number {
  return Math.max(0, Math.min(STRIPS - 1, Math.floor((y - bottom) * scale)));
}

function boundingBox(polygon: readonly Point[]) {
  const [xs, ys] = [polygon.map((point) => point[0]), polygon.map((point) => point[1])];
  return {
    left: Math.min(...xs),
    right: Math.max(...xs),
    bottom: Math.min(...ys),
    top: Math.max(...ys),
  };
}

/** The edges that reach into each strip: `edges` 4 numbers each, those of strip s from first[s]. */
function edgesByStrip(polygon: readonly Point[], bottom: number, scale: number) {
  const strips: number[][] = Array.from({ length: STRIPS }, () => []);
  polygon.forEach(([ax, ay], place) => {
    const [bx, by] = polygon[(place + polygon.length - 1) % polygon.length]!;
    const last = stripOf(Math.max(ay, by), bottom, scale);
    for (let strip = stripOf(Math.min(ay, by), bottom, scale); strip <= last; strip++)
      strips[strip]!.push(ax, ay, bx, by);
  });
  const first = new Uint32Array(STRIPS + 1);
  strips.forEach((edges, strip) => (first[strip + 1] = first[strip]! + edges.length / 4));
  return { first, edges: Float64Array.from(strips.flat()) };
}
