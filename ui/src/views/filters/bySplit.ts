/** Distributions split by split: each of its own samples, so that a small split shows beside a large one. */
import { theme } from "../../parts/theme";
import { splitColor } from "../../scatter/palette";
import { useSession, useView } from "../../state";

/** How a split's samples that pass are spread over the bins of a column. */
export interface SplitShares {
  readonly split: string;
  readonly color: string;
  /** (bins) share of the split's samples, 0…1, without those that miss a value. */
  readonly shares: Float32Array;
}

/** The splits' shares of a column, where they are asked for; null where they are not. */
export function useSplitShares(name: string): SplitShares[] | null {
  const session = useSession();
  const bySplit = useView((view) => view.bySplit);
  if (!bySplit) return null;
  session.revision.value;
  const counts = session.countsBySplit(name);
  const names = [...counts.keys()];
  return names.flatMap((split) => {
    const own = counts.get(split)!.subarray(0, -1);
    const total = own.reduce((sum, n) => sum + n, 0);
    if (!total) return [];
    const color = splitColor(split, names, theme.value);
    return { split, color, shares: Float32Array.from(own, (n) => n / total) };
  });
}

/** The largest share of any bin, to which all are drawn. */
export const largestShare = (splits: readonly SplitShares[]): number =>
  Math.max(
    1e-9,
    ...splits.map(({ shares }) => shares.reduce((most, one) => Math.max(most, one), 0)),
  );
