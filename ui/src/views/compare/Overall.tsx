import { useMemo } from "preact/hooks";
import type { Dataset } from "../../data/dataset";
import { bounds, number, percent, whole } from "../../parts/format";
import { moments, type Evidence } from "../selection/evidence";
import { aligned, tally, type Tally } from "./differences";
import { rightOf, type Comparison, type Pair } from "./runs";

export interface ShownPair {
  readonly comparison: Comparison;
  readonly pair: Pair;
  /** joined samples that are selected. */
  readonly samples: Uint32Array;
}

/** Both runs over the shared and selected samples, split by split. */
export function Overall({ comparison, pair, samples }: ShownPair) {
  const groups = useMemo(() => bySplit(comparison, pair, samples), [comparison, pair, samples]);
  const [a, b] = [comparison.runs[0]!, comparison.runs[pair.second]!];
  if (!groups.length) return <p class="empty">No selected sample has a loss in both runs.</p>;
  return (
    <section class="overall">
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Both runs by split">
        <table>
          <thead>
            <tr>
              <th scope="col">split</th>
              <th scope="col">n</th>
              <th scope="col">{`mean loss ${a.letter}`}</th>
              <th scope="col">{`mean loss ${b.letter}`}</th>
              <th scope="col">
                {pair.unit === "loss" ? `${a.letter} − ${b.letter}` : "rank A − rank B"}
              </th>
            </tr>
          </thead>
          <tbody>
            {groups.map((group) => (
              <SplitRow key={group.split} group={group} pair={pair} />
            ))}
          </tbody>
        </table>
      </div>
      {groups.some((group) => group.rights.n > 0) && (
        <Rights groups={groups} pair={pair} letters={[a.letter, b.letter]} />
      )}
    </section>
  );
}

interface Group {
  split: string;
  losses: [number, number];
  found: Tally;
  rights: Tally;
  accuracy: [number, number];
}

function bySplit(comparison: Comparison, pair: Pair, samples: Uint32Array): Group[] {
  const { runs, joined } = comparison;
  const [a, b] = [runs[0]!.dataset, runs[pair.second]!.dataset];
  const [rowsA, rowsB] = [joined.rowOf[0]!, joined.rowOf[pair.second]!];
  const { confidence } = a.header;
  const inBoth = samples.filter((sample) => rowsA[sample]! >= 0 && rowsB[sample]! >= 0);
  const asRows = (rows: Int32Array, own: Uint32Array): Int32Array =>
    Int32Array.from(own, (sample) => rows[sample]!);
  return splitGroups(a, rowsA, inBoth).map(([split, own]) => {
    const [first, second] = [asRows(rowsA, own), asRows(rowsB, own)];
    return {
      split,
      losses: [meanLoss(a, first), meanLoss(b, second)],
      found: tally(pair.differences, own, confidence),
      rights: rightTally(pair, own, confidence),
      accuracy: [moments(rightOf(a, first)).mean, moments(rightOf(b, second)).mean],
    };
  });
}

/** The samples of each split of the first run that has any. */
function splitGroups(dataset: Dataset, rows: Int32Array, samples: Uint32Array) {
  const column = dataset.column("split");
  if (column?.kind !== "category") return samples.length ? [["", samples] as const] : [];
  return column.categories
    .map(
      (name, code) => [name, samples.filter((one) => column.codes[rows[one]!] === code)] as const,
    )
    .filter(([, own]) => own.length > 0);
}

function meanLoss(dataset: Dataset, rows: Int32Array): number {
  const column = dataset.column("loss");
  return column?.kind === "number" ? moments(aligned(column.values, rows)).mean : NaN;
}

/** Right in one and wrong in the other: here more is better, so the sides are exchanged. */
export function rightTally(pair: Pair, samples: ArrayLike<number>, confidence: number): Tally {
  const found = tally(pair.rights, samples, confidence);
  return { ...found, firstBetter: found.secondBetter, secondBetter: found.firstBetter };
}

function SplitRow({ group, pair }: { group: Group; pair: Pair }) {
  const { split, losses, found } = group;
  const clear = pair.comparability.losses;
  return (
    <tr>
      <th scope="row">{split || "(none)"}</th>
      <td>{whole(found.n)}</td>
      <td class={clear ? "" : "is-apart"}>{number(losses[0])}</td>
      <td class={clear ? "" : "is-apart"}>{number(losses[1])}</td>
      <td>
        <Difference of={found.difference} />
      </td>
    </tr>
  );
}

/** A difference with its interval; pale where it may be chance. */
export function Difference({
  of: { effect, lower, upper },
  share = false,
}: {
  of: Evidence;
  share?: boolean;
}) {
  if (!Number.isFinite(effect)) return <span>–</span>;
  const clear = lower > 0 || upper < 0;
  const say = share ? percent : number;
  const interval = Number.isFinite(lower) ? bounds([lower, upper], say) : "no interval";
  return (
    <span
      class={clear ? "difference" : "difference is-unclear"}
      title={clear ? undefined : "The interval holds zero: may be chance"}
    >
      <b>{say(effect)}</b> <small>{`(${interval})`}</small>
    </span>
  );
}

function Rights({
  groups,
  pair,
  letters: [a, b],
}: {
  groups: Group[];
  pair: Pair;
  letters: [string, string];
}) {
  return (
    <ul class="rights">
      {groups
        .filter(({ rights }) => rights.n > 0)
        .map(({ split, rights, accuracy }) => (
          <li key={split}>
            {`${split}: right in ${a} ${percent(accuracy[0])}, in ${b} ${percent(accuracy[1])}; only in ${a} ${whole(rights.firstBetter)}, only in ${b} ${whole(rights.secondBetter)}`}
            {pair.comparability.correctness ? null : <small> (each by its own classes)</small>}
          </li>
        ))}
    </ul>
  );
}
