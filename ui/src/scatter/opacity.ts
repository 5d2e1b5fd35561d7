/** How opaque a pixel is by the number of its points. */

/** Points mixed in one pixel at most: a sum of 255 colors of 8 bits just fits 16 bits. */
export const MOST_MIXED = 255;

/** How many pixels hold each number of points, 0…255. */
export function countHistogram(sums: Int32Array, size: number): Uint32Array {
  const histogram = new Uint32Array(MOST_MIXED + 1);
  for (let pixel = 0; pixel < size; pixel++) histogram[sums[2 * pixel + 1]! >>> 16]!++;
  return histogram;
}

/** How opaque a pixel of one point is, of 255: less where points crowd, but a lone one must show. */
const LONE = 110;
const LONE_UNCROWDED = 215;
/** Points in the most crowded pixels at which they crowd. */
const CROWD = 14;
/** Share of the filled pixels that are fully opaque. */
const CROWDED = 0.01;

/**
 * Opacity by number of points: logarithmic, from a lone point up to the most crowded pixels.
 *
 * @param histogram pixels by number of points.
 * @param share of all points that have been drawn: a picture under way is as bright as when done.
 */
export function opacities(histogram: Uint32Array, share: number): Uint8Array {
  const top = Math.max(4, crowdedCount(histogram) / share);
  const opaque = new Uint8Array(MOST_MIXED + 1);
  const free = Math.max(0, (CROWD - top) / CROWD);
  const lone = LONE + (LONE_UNCROWDED - LONE) * free;
  for (let count = 1; count <= MOST_MIXED; count++) {
    const level = Math.log(Math.max(1, count / share)) / Math.log(top);
    opaque[count] = Math.round(lone + (255 - lone) * Math.min(1, level));
  }
  return opaque;
}

function crowdedCount(histogram: Uint32Array): number {
  let filled = 0;
  for (let count = 1; count <= MOST_MIXED; count++) filled += histogram[count]!;
  let above = 0;
  for (let count = MOST_MIXED; count > 1; count--) {
    above += histogram[count]!;
    if (above > CROWDED * filled) return count;
  }
  return 1;
}
