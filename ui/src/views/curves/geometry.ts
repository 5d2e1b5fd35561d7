/** Where the parts of a curve's drawing go: pure numbers, in pixels. */
import type { Curve, CurveBin } from "../../payload";

/** A number axis: its ends and its ticks, all round. */
export interface Axis {
  low: number;
  high: number;
  ticks: number[];
}

/** A bin with fewer samples is drawn hollow and dashed: its mean may be anywhere. */
export const FEW_SAMPLES = 10;

/** Round ends and about `wanted` round ticks that hold `low` and `high`. */
export function roundAxis(low: number, high: number, wanted = 4): Axis {
  if (!(Number.isFinite(low) && Number.isFinite(high))) return { low: 0, high: 1, ticks: [0, 1] };
  if (low === high) [low, high] = low === 0 ? [0, 1] : [Math.min(low, 0), Math.max(high, 0)];
  const raw = (high - low) / wanted;
  const decade = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * decade).find((value) => value >= raw * 0.999)!;
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)];
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  const ticks = Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toFixed(Math.min(digits, 20))),
  );
  return { low: ticks[0]!, high: ticks.at(-1)!, ticks };
}

/**
 * The vertical axis of a curve: every mean is in it, and intervals as far as the means leave room.
 *
 * One bin with two samples may have an interval a hundred times the rest; it is cut at the edge of
 * the drawing, and its numbers are in the table. Losses start at zero.
 */
export function valueAxis(curves: readonly CurveBin[][]): Axis {
  const bins = curves.flat().filter((bin) => bin.mean !== null);
  const means = bins.map((bin) => bin.mean!);
  if (!means.length) return roundAxis(NaN, NaN);
  const solid = bins.filter((bin) => bin.n >= FEW_SAMPLES);
  const bounds = solid.flatMap((bin) => bin.interval.filter((bound) => bound !== null));
  const [lowest, highest] = [Math.min(...means), Math.max(...means)];
  const room = Math.max(highest - Math.min(lowest, 0), Number.MIN_VALUE);
  const high = Math.min(Math.max(highest, ...bounds), highest + room);
  const low = lowest >= 0 ? 0 : Math.max(Math.min(lowest, ...bounds), lowest - room);
  return roundAxis(low, high);
}

/** Where a value lies between `from` and `to` pixels. */
export const along = (axis: Axis, value: number, from: number, to: number): number =>
  from + ((value - axis.low) / (axis.high - axis.low || 1)) * (to - from);

/** Splits of a curve in the order of the report, and those that it does not know after them. */
export function splitsOf(curve: Curve, order: readonly string[]): string[] {
  const there = Object.keys(curve.series);
  return [
    ...order.filter((split) => there.includes(split)),
    ...there.filter((split) => !order.includes(split)),
  ];
}

/** The edges of number bins, one more than bins; null where a bin is a category or a single value. */
export function edgesOf(bins: readonly CurveBin[]): number[] | null {
  if (!bins.length || bins.some((bin) => bin.lower === null || bin.upper === null)) return null;
  if (bins.every((bin) => bin.lower === bin.upper)) return null;
  return [...bins.map((bin) => bin.lower!), bins.at(-1)!.upper!];
}

/** The largest float32 under `value`: what a bin that leaves its upper edge to the next one ends at. */
export function justBelow(value: number): number {
  const floats = new Float32Array([value]);
  if (floats[0]! < value) return floats[0]!;
  const bits = new Int32Array(floats.buffer);
  if (floats[0] === 0) return -1.401298464324817e-45;
  bits[0]! += floats[0]! > 0 ? -1 : 1;
  return floats[0]!;
}
