/** How a field's values are spread over each origin (split): shares of its own samples, so that 30 compare with 30,000. */
import type { Curve, CurveBin } from "../../payload";
import type { Counts } from "../../state";
import { shareInterval } from "../selection/evidence";
import type { Bins } from "./bins";
import type { RowsOfSplits } from "./compute";

/** What stands in a measure's place: the share of a split's samples, not the mean of anything. */
export const DISTRIBUTION = "share of samples";

/** The share of each split's samples in every bin, with its interval; splits without any value have none. */
export function shareSeries(bins: Bins, splits: RowsOfSplits, confidence: number): Curve["series"] {
  const series: Record<string, CurveBin[]> = {};
  for (const [split, rows] of splits) {
    const counts = new Uint32Array(bins.spans.length);
    let total = 0;
    for (let i = 0; i < rows.length; i++) {
      const bin = bins.place(rows[i]!);
      if (bin < 0) continue;
      counts[bin]!++;
      total++;
    }
    if (!total) continue;
    series[split] = bins.spans.map(({ label, lower, upper }, bin) => {
      const share = shareInterval(counts[bin]!, total, confidence);
      const interval: CurveBin["interval"] = [share.lower, share.upper];
      return { label, lower, upper, n: counts[bin]!, mean: share.effect, interval };
    });
  }
  return series;
}

/**
 * How far the distributions of the splits are apart: the largest total variation distance between
 * two of them, less what chance would give samples of their sizes.
 *
 * @param bySplit rows of each bin; the last count, of the missing, does not take part.
 * @returns at most 1; 0 or less where chance explains it.
 */
export function apartness(bySplit: ReadonlyMap<string, Counts>): number {
  const spread = [...bySplit.values()]
    .map((counts) => counts.subarray(0, -1))
    .map((counts) => ({ counts, total: counts.reduce((sum, n) => sum + n, 0) }))
    .filter(({ total }) => total > 0);
  let most = 0;
  spread.forEach((a, place) => {
    for (const b of spread.slice(place + 1)) most = Math.max(most, excess(a, b));
  });
  return most;
}

interface Spread {
  readonly counts: Counts;
  readonly total: number;
}

function excess(a: Spread, b: Spread): number {
  let [distance, chance] = [0, 0];
  a.counts.forEach((n, bin) => {
    const share = (n + b.counts[bin]!) / (a.total + b.total);
    distance += Math.abs(n / a.total - b.counts[bin]! / b.total) / 2;
    // The mean of a half-normal distribution: |difference| of two shares that are the same.
    chance += Math.sqrt((share * (1 - share) * (1 / a.total + 1 / b.total) * 2) / Math.PI) / 2;
  });
  return distance - chance;
}
