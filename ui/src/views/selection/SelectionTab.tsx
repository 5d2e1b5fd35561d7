import { useEffect, useMemo, useState } from "preact/hooks";
import { useSession, useView } from "../../state";
import { count, percent, whole } from "../../parts/format";
import { shorten } from "../../parts/text";
import { contrast, type Contrast } from "./contrast";
import { FieldTable } from "./FieldTable";
import { Means } from "./Means";
import { NamedSets } from "./sets";
import { SetList, SaveSet } from "./SetList";
import { SelectionActions } from "./SelectionActions";
import "../samples/common.css";
import "./selection.css";

/** Tab: what sets the selected samples apart from the rest, and what can be done with them. */
export function SelectionTab() {
  const session = useSession();
  const sets = useMemo(
    () => new NamedSets(session.source, session.dataset.header.run_id ?? undefined),
    [session],
  );
  const kept = session.keptCount.value;
  const isSelection = useView((view) => view.filters.length > 0);
  return (
    <section class="selection" aria-label="Selection">
      {!isSelection ? <NothingSelected /> : kept === 0 ? <NothingKept /> : <Selected sets={sets} />}
      <SetList sets={sets} />
    </section>
  );
}

function NothingSelected() {
  return (
    <div class="empty">
      <p>Nothing is selected, so there is nothing to compare.</p>
      <p>
        Circle points in the scatter, brush a histogram on the left, click an insight, or click a
        bin of a curve. Then this tab says what sets those samples apart.
      </p>
    </div>
  );
}

function NothingKept() {
  const session = useSession();
  return (
    <div class="empty">
      <p>No sample passes all filters.</p>
      <button type="button" class="button" onClick={() => session.clearFilters()}>
        Remove all filters
      </button>
    </div>
  );
}

function Selected({ sets }: { sets: NamedSets }) {
  const found = useContrast();
  return (
    <>
      <SelectionHead found={found} />
      <SelectionActions />
      <SaveSet sets={sets} />
      {found && <Means found={found} />}
      {found && <FieldTable found={found} />}
    </>
  );
}

/** The comparison of the current selection, as far as it has come; null at first. */
function useContrast(): Contrast | null {
  const session = useSession();
  const rows = session.keptRows.value; // follows the filters after a moment of quiet
  const [found, setFound] = useState<Contrast | null>(null);
  useEffect(() => {
    let current = true;
    void contrast(
      session,
      () => current,
      (next) => current && setFound(next),
    );
    return () => void (current = false);
  }, [session, rows]);
  return found;
}

function SelectionHead({ found }: { found: Contrast | null }) {
  const session = useSession();
  const kept = session.keptCount.value;
  const { n } = session.dataset;
  return (
    <header class="selection-head">
      <h3>
        {count(kept)}
        <small>{` · ${percent(kept / n)} of ${whole(n)}`}</small>
      </h3>
      <SplitShares />
      {found && <p class="note">{comparedWith(found)}</p>}
    </header>
  );
}

function comparedWith({ sides, done, total }: Contrast): string {
  const { inside, outside, insideTotal, outsideTotal } = sides;
  if (!outsideTotal)
    return "There is no rest to compare with: all samples of these splits are selected.";
  const sampled = inside.length < insideTotal || outside.length < outsideTotal;
  const rest = `Compared with the other ${count(outsideTotal)} of the same splits`;
  const how = sampled
    ? `, on ${whole(inside.length)} and ${whole(outside.length)} of them taken evenly`
    : "";
  return `${rest}${how}.${done < total ? ` ${done} of ${total} columns done…` : ""}`;
}

/** How many of each split are selected. */
function SplitShares() {
  const session = useSession();
  const column = session.dataset.column("split");
  const rows = session.keptRows.value;
  const counts = useMemo(() => {
    if (column?.kind !== "category") return [];
    const kept = new Uint32Array(column.categories.length + 1);
    for (const row of rows) kept[Math.min(column.codes[row]!, column.categories.length)]!++;
    return column.categories
      .map((name, code) => ({ name, n: kept[code]! }))
      .filter(({ n }) => n > 0);
  }, [rows, column]);
  if (!counts.length) return null;
  const total = session.total("split");
  const codeOf = (name: string): number =>
    column?.kind === "category" ? column.categories.indexOf(name) : 0;
  return (
    <p class="split-shares">
      {counts
        .map(
          ({ name, n }) =>
            `${whole(n)} ${shorten(name, 40)} (${percent(n / total[codeOf(name)]!)} of it)`,
        )
        .join(" · ")}
    </p>
  );
}
