/** Curves worked out in the page: any number column against any column, split by split. */
import type { Curve, CurveBin } from "../../payload";
import { studentQuantile } from "../selection/distributions";
import type { Bins } from "./bins";

/** Rows of one split, by its name. */
export type RowsOfSplits = ReadonlyMap<string, Uint32Array>;

/** The mean of `measure` with Student's interval in every bin, a series for each split that has both. */
export function curveSeries(
  bins: Bins,
  measure: ArrayLike<number>,
  splits: RowsOfSplits,
  confidence: number,
): Curve["series"] {
  const series: Record<string, CurveBin[]> = {};
  for (const [split, rows] of splits) {
    const sums = binMoments(bins, measure, rows);
    if (sums.n.some((n) => n > 0))
      series[split] = bins.spans.map((span, i) =>
        curveBin(span, sums.n[i]!, sums.mean[i]!, sums.squares[i]!, confidence),
      );
  }
  return series;
}

/** Count, mean and sum of squared differences of each bin. Source: Welford 1962. */
function binMoments(bins: Bins, measure: ArrayLike<number>, rows: Uint32Array) {
  const size = bins.spans.length;
  const [n, mean, squares] = [
    new Float64Array(size),
    new Float64Array(size),
    new Float64Array(size),
  ];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const bin = bins.place(row);
    const value = measure[row]!;
    if (bin < 0 || !Number.isFinite(value)) continue;
    const step = value - mean[bin]!;
    mean[bin]! += step / ++n[bin]!;
    squares[bin]! += step * (value - mean[bin]!);
  }
  return { n, mean, squares };
}

function curveBin(
  span: Bins["spans"][number],
  n: number,
  mean: number,
  squares: number,
  confidence: number,
): CurveBin {
  const reach =
    n > 1 ? studentQuantile((1 + confidence) / 2, n - 1) * Math.sqrt(squares / (n - 1) / n) : null;
  const interval: [number | null, number | null] =
    reach === null ? [null, null] : [mean - reach, mean + reach];
  return {
    label: span.label,
    lower: span.lower,
    upper: span.upper,
    n,
    mean: n ? mean : null,
    interval,
  };
}
