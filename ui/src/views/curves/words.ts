/** Bins of a curve in words. */
import type { Curve, CurveBin } from "../../payload";
import { DISTRIBUTION } from "./distribution";
import { bounds, count, number } from "../../parts/format";

/** A bin in words: its range, and n, mean and interval of every split. */
export function binWords(
  curve: Curve,
  splits: readonly string[],
  bin: number,
  confidence: number,
): string {
  const parts = splits.map(
    (split) => `${split} ${binValue(curve, curve.series[split]![bin]!, confidence)}`,
  );
  return `${curve.series[splits[0]!]![bin]!.label}: ${parts.join("; ")}`;
}

function binValue(curve: Curve, bin: CurveBin, confidence: number): string {
  if (bin.mean === null) return "no samples";
  const known = bin.interval[0] !== null;
  const interval = known
    ? `, ${Math.round(100 * confidence)} % interval ${bounds(bin.interval)}`
    : ", no interval";
  const said = curve.measure === DISTRIBUTION ? "share" : "mean";
  return `${said} ${number(bin.mean)}${interval}, ${count(bin.n)}`;
}
