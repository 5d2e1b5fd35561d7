import { edgeOf, isWhole, type Binning } from "../../crossfilter/binning";

/** From a value to another, both included; or the same in bins. */
export type Range = readonly [low: number, high: number];

/** What a drag holds: an edge (the other one stays), the whole brush, or nothing yet. */
export type Grip =
  | { readonly kind: "edge"; readonly stays: number }
  | { readonly kind: "whole"; readonly from: number; readonly brush: Range };

/** An edge is held within so large a share of the width. */
const NEAR = 0.03;
/** A drag shorter than this share of the width is a click. */
const CLICK = 0.012;

/**
 * What is held where a drag begins.
 *
 * @param at place in bins, 0…size.
 * @param brush the brush there is, in bins.
 */
export function grip(at: number, brush: Range | null, size: number): Grip {
  if (!brush) return { kind: "edge", stays: at };
  const near = NEAR * size;
  if (Math.abs(at - brush[0]) <= near) return { kind: "edge", stays: brush[1] };
  if (Math.abs(at - brush[1]) <= near) return { kind: "edge", stays: brush[0] };
  if (at > brush[0] && at < brush[1]) return { kind: "whole", from: at, brush };
  return { kind: "edge", stays: at };
}

/** The brush in whole bins after a drag to `at`; null if it went no way. */
export function afterMove(held: Grip, at: number, size: number): Range | null {
  if (held.kind === "whole") {
    const [low, high] = held.brush;
    if (Math.abs(at - held.from) < CLICK * size) return null;
    const by = Math.round(Math.max(-low, Math.min(size - high, at - held.from)));
    return [low + by, high + by];
  }
  if (Math.abs(at - held.stays) < CLICK * size) return null;
  const low = Math.floor(Math.min(at, held.stays) + 1e-6);
  const high = Math.ceil(Math.max(at, held.stays) - 1e-6);
  return [low, Math.max(high, low + 1)];
}

/** The values of a brush in bins: at the ends of the histogram everything beyond belongs to it. */
export function bounded([low, high]: Range, binning: Binning, bounds: Range): Range {
  const last = isWhole(binning) ? 1 : 0;
  const from = low <= 0 ? bounds[0] : edgeOf(binning, low);
  const to = high >= binning.size ? bounds[1] : edgeOf(binning, high) - last;
  return [from, Math.max(from, to)];
}
