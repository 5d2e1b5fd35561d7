/** How large points of each size are. */
import { discMask, type DiscMask } from "./disc";

const DIAMETER_STEPS = 2;
export const LARGEST_DIAMETER = 56;
const SMALLEST_FACTOR = 0.62;
const LARGEST_FACTOR = 2.3;

/** The factor of the middle diameter for a size of 0…255. */
export function sizeFactor(size: number): number {
  return SMALLEST_FACTOR + (size / 255) ** 1.5 * (LARGEST_FACTOR - SMALLEST_FACTOR);
}

/** Side of the square of each size, in whole pixels. */
export function splatSides(diameter: number, sized: boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, size) =>
    Math.max(1, Math.min(LARGEST_DIAMETER, Math.round(diameter * (sized ? sizeFactor(size) : 1)))),
  );
}

const knownMasks = new Map<number, DiscMask[]>();

/** The masks of each size. */
export function discMasks(diameter: number, sized: boolean): DiscMask[][] {
  return Array.from({ length: 256 }, (_, size) => {
    const exact = Math.min(LARGEST_DIAMETER, diameter * (sized ? sizeFactor(size) : 1));
    const rounded = Math.max(1, Math.round(exact * DIAMETER_STEPS) / DIAMETER_STEPS);
    let masks = knownMasks.get(rounded);
    if (!masks) {
      masks = discMask(rounded);
      knownMasks.set(rounded, masks);
    }
    return masks;
  });
}
