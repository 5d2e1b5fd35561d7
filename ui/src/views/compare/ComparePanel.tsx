import { useMemo, useState } from "preact/hooks";
import type { CategoryColumn } from "../../data/columns";
import { SessionProvider } from "../../state";
import { count, percent, whole } from "../../parts/format";
import { ComparedDocument } from "./ComparedDocument";
import { CategoryTable } from "./CategoryTable";
import { Extremes } from "./Extremes";
import type { Link } from "./link";
import { Overall } from "./Overall";
import { SampleInRuns } from "./SampleInRuns";
import type { Comparison } from "./runs";

interface PanelProps {
  readonly comparison: Comparison;
  readonly link: Link;
}

/** What differs between the runs: over all, by category, and sample by sample. */
export function ComparePanel({ comparison, link }: PanelProps) {
  const [place, setPlace] = useState(0);
  const pair = comparison.pairs[place]!;
  const revision = link.revision.value;
  const samples = useMemo(() => link.kept(), [link, revision]);
  const { session } = comparison.runs[0]!;
  const pinned = session.state.value.pinned ?? null;
  const shown = { comparison, pair, samples };
  return (
    <aside class="panel compare-panel" aria-label="Differences">
      <SessionProvider session={session}>
        <SampleInRuns comparison={comparison} pinned={pinned} />
        <Shared comparison={comparison} />
        {comparison.pairs.length > 1 && (
          <PairChoice comparison={comparison} place={place} onPlace={setPlace} />
        )}
        <Overall {...shown} />
        <ComparedDocument comparison={comparison} pair={pair} />
        <ByCategory {...shown} />
        <Extremes {...shown} />
      </SessionProvider>
    </aside>
  );
}

/** How many samples the runs share. */
function Shared({ comparison: { runs, joined } }: { comparison: Comparison }) {
  const { shared, size } = joined;
  const missing = runs
    .map(({ letter, dataset }) => ({ letter, n: dataset.n - shared.length }))
    .filter(({ n }) => n > 0);
  return (
    <section>
      <h3>{`${count(shared.length)} in ${runs.length === 2 ? "both runs" : `all ${runs.length} runs`}`}</h3>
      <p class="note">
        {missing.length === 0
          ? "The runs saw the same samples."
          : `${percent(size ? shared.length / size : NaN)} of all. Not in all: ${missing.map(({ letter, n }) => `${whole(n)} of ${letter}`).join(", ")}; they are in the maps, and out of every comparison.`}
      </p>
    </section>
  );
}

function PairChoice({
  comparison,
  place,
  onPlace,
}: {
  comparison: Comparison;
  place: number;
  onPlace: (place: number) => void;
}) {
  return (
    <div class="choice" role="group" aria-label="Which runs are compared">
      {comparison.pairs.map((pair, i) => (
        <button
          key={pair.second}
          type="button"
          aria-pressed={i === place}
          onClick={() => onPlace(i)}
        >{`A and ${comparison.runs[pair.second]!.letter}`}</button>
      ))}
    </div>
  );
}

function ByCategory(props: {
  comparison: Comparison;
  pair: Comparison["pairs"][number];
  samples: Uint32Array;
}) {
  const { dataset } = props.comparison.runs[0]!;
  const columns = dataset.categoryColumns.filter(({ categories }) => categories.length > 1);
  const first = columns.find((column) => column.name === "target") ?? columns[0];
  const [name, setName] = useState(first?.name);
  const column: CategoryColumn | undefined = columns.find((one) => one.name === name);
  if (!column) return null;
  return (
    <section>
      <div class="part-head">
        <h3>Wins and losses</h3>
        <label class="field">
          <span class="field-label">by</span>
          <select
            class="select"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          >
            {columns.map((one) => (
              <option key={one.name} value={one.name}>{`${one.label} of A`}</option>
            ))}
          </select>
        </label>
      </div>
      <CategoryTable {...props} column={column} />
    </section>
  );
}
