import { useMemo, useState } from "preact/hooks";
import type { CategoryColumn } from "../../data/columns";
import { filterKey, useSession, useView } from "../../state";
import { whole } from "../../parts/format";
import { tally, type Tally } from "./differences";
import { Difference, rightTally, type ShownPair } from "./Overall";

const FIRST_SHOWN = 15;

type Order = "difference" | "n" | "name";

interface CategoryRow {
  name: string;
  found: Tally;
  rights: Tally;
}

/** Wins, losses and mean differences of two runs in every category of a column of the first. */
export function CategoryTable(props: ShownPair & { column: CategoryColumn }) {
  const { comparison, pair, samples, column } = props;
  const [order, setOrder] = useState<Order>("difference");
  const [shown, setShown] = useState(FIRST_SHOWN);
  const rows = useMemo(() => tableOf(props), [comparison, pair, samples, column]);
  const sorted = useMemo(() => [...rows].sort(BY[order]), [rows, order]);
  const second = comparison.runs[pair.second]!.letter;
  const hasRights = rows.some((row) => row.rights.n > 0);
  if (!rows.length) return <p class="note">No selected sample is in both runs.</p>;
  return (
    <>
      <div
        class="table-scroll"
        tabIndex={0}
        role="region"
        aria-label={`Wins and losses by ${column.label}`}
      >
        <table class="wins">
          <thead>
            <tr>
              <SortHead order="name" current={order} onOrder={setOrder}>
                {column.label}
              </SortHead>
              <SortHead order="n" current={order} onOrder={setOrder}>
                n
              </SortHead>
              <th scope="col">
                {pair.unit === "loss" ? `A better · ${second} better` : `easier in A · ${second}`}
              </th>
              {hasRights && (
                <th
                  scope="col"
                  title={`Samples that only A, only ${second} has right`}
                >{`only right in A · ${second}`}</th>
              )}
              <SortHead order="difference" current={order} onOrder={setOrder}>
                {pair.unit === "loss" ? `loss A − ${second}` : `rank A − ${second}`}
              </SortHead>
            </tr>
          </thead>
          <tbody>
            {sorted.slice(0, shown).map((row) => (
              <Line key={row.name} row={row} column={column} hasRights={hasRights} />
            ))}
          </tbody>
        </table>
      </div>
      {sorted.length > shown && (
        <button
          type="button"
          class="quiet"
          onClick={() => setShown(sorted.length)}
        >{`Show all ${sorted.length}`}</button>
      )}
    </>
  );
}

const isClear = ({ difference: { lower, upper } }: Tally): boolean => lower > 0 || upper < 0;

const BY: Record<Order, (a: CategoryRow, b: CategoryRow) => number> = {
  difference: (a, b) =>
    Number(isClear(b.found)) - Number(isClear(a.found)) ||
    (Math.abs(b.found.difference.effect) || 0) - (Math.abs(a.found.difference.effect) || 0),
  n: (a, b) => b.found.n - a.found.n,
  name: (a, b) => a.name.localeCompare(b.name, "en", { numeric: true }),
};

function tableOf({
  comparison,
  pair,
  samples,
  column,
}: ShownPair & { column: CategoryColumn }): CategoryRow[] {
  const { joined, runs } = comparison;
  const [rowsA, rowsB] = [joined.rowOf[0]!, joined.rowOf[pair.second]!];
  const { confidence } = runs[0]!.dataset.header;
  const groups: number[][] = column.categories.map(() => []);
  for (const sample of samples) {
    if (rowsA[sample]! < 0 || rowsB[sample]! < 0) continue;
    groups[column.codes[rowsA[sample]!]!]?.push(sample);
  }
  return groups.flatMap((own, code) =>
    own.length
      ? {
          name: column.categories[code]!,
          found: tally(pair.differences, own, confidence),
          rights: rightTally(pair, own, confidence),
        }
      : [],
  );
}

interface HeadProps {
  order: Order;
  current: Order;
  onOrder: (order: Order) => void;
  children: preact.ComponentChildren;
}

function SortHead({ order, current, onOrder, children }: HeadProps) {
  return (
    <th
      scope="col"
      aria-sort={order === current ? (order === "name" ? "ascending" : "descending") : "none"}
    >
      <button type="button" onClick={() => onOrder(order)}>
        {children}
        {order === current && <i aria-hidden="true"> ↓</i>}
      </button>
    </th>
  );
}

function Line({
  row: { name, found, rights },
  column,
  hasRights,
}: {
  row: CategoryRow;
  column: CategoryColumn;
  hasRights: boolean;
}) {
  const session = useSession();
  const filters = useView((view) => view.filters);
  const filter = { type: "categories" as const, column: column.name, categories: [name] };
  const active = filters.find((one) => filterKey(one) === filterKey(filter));
  const isKept =
    active?.type === "categories" &&
    active.categories.length === 1 &&
    active.categories[0] === name;
  const toggle = (): void => (isKept ? session.removeFilter(filter) : session.addFilter(filter));
  return (
    <tr class={isKept ? "is-selected" : ""}>
      <th scope="row">
        <button
          type="button"
          class="link clip"
          aria-pressed={isKept}
          title={`Select ${name}`}
          onClick={toggle}
        >
          {name || "(empty)"}
        </button>
      </th>
      <td>{whole(found.n)}</td>
      <td>
        <WinBar of={found} />
      </td>
      {hasRights && (
        <td class="pair">
          <span>{whole(rights.firstBetter)}</span>
          <span>{whole(rights.secondBetter)}</span>
        </td>
      )}
      <td>
        <Difference of={found.difference} />
      </td>
    </tr>
  );
}

/** In how many samples either run has the lower loss. */
function WinBar({ of: { n, firstBetter, secondBetter } }: { of: Tally }) {
  const share = (wins: number): string => `${n ? (100 * wins) / n : 0}%`;
  return (
    <span class="win">
      <span>{whole(firstBetter)}</span>
      <span class="win-bar" aria-hidden="true">
        <i class="is-first" style={{ width: share(firstBetter) }} />
        <i class="is-second" style={{ width: share(secondBetter) }} />
      </span>
      <span>{whole(secondBetter)}</span>
    </span>
  );
}
