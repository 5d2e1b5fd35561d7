import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useState } from "preact/hooks";
import { useSession, useView } from "../../state";
import { count } from "../../parts/format";
import { AddCurve } from "./AddCurve";
import { isWanted, CurveItem } from "./CurveItem";
import { labelOfMeasure } from "./context";
import { focusedField } from "./focus";
import type { Options, Shown } from "./options";
import { DISTRIBUTION } from "./distribution";
import { groupsOf, measureChoices } from "./measures";
import { groupCurves, type CurveGroup } from "./ranking";
import "../samples/common.css";
import "./curves.css";

const FIRST_SHOWN = 8;

/** Tab: a measure, mostly the loss, as a function of one column at a time. */
export function CurvesTab() {
  const { dataset } = useSession();
  const added = useView((view) => view.addedCurves);
  const options: Options = {
    measure: useSignal(null),
    binning: useSignal<Shown>("quantile"),
    ofSelection: useSignal(false),
    query: useSignal(""),
  };
  const groups = useMemo(() => groupCurves(dataset.header.curves), [dataset]);
  const matching = useMatching(groups, options);
  const own = added.map(({ field, measure }) => ({ field, measure, curves: [], similar: [] }));
  return (
    <section class="curves" aria-label="Curves">
      <CurveOptions options={options} groups={groups} />
      {own.length > 0 && <CurveList groups={own} options={options} isOwn />}
      {groups.length === 0 && <NoCurves />}
      <CurveList groups={matching} options={options} />
    </section>
  );
}

/** The curves of the chosen measure whose field has the words that are looked for. */
function useMatching(groups: CurveGroup[], { measure, query }: Options): CurveGroup[] {
  const session = useSession();
  const chosen = measure.value ?? measureChoices(session.dataset, groups)[0]!;
  const all = useMemo(() => groupsOf(session, groups, chosen), [session, groups, chosen]);
  const words = query.value.toLowerCase();
  return all.filter((group) =>
    [group.field, ...group.similar].some((name) => name.toLowerCase().includes(words)),
  );
}

function NoCurves() {
  const { dataset } = useSession();
  const hasLoss = dataset.column("loss") !== undefined;
  return (
    <p class="empty">
      {hasLoss
        ? "The analysis has no curves: there was no metadata with more than one value. Give the callback metadata, or add a curve of two columns above."
        : "The analysis has no curves, as no loss was captured. Add one of two other columns above."}
    </p>
  );
}

function CurveOptions({ options, groups }: { options: Options; groups: CurveGroup[] }) {
  const { dataset } = useSession();
  const measures = measureChoices(dataset, groups);
  const choose = (measure: string): void => {
    options.measure.value = measure;
    // Shares of bins of equal count would all be alike.
    options.binning.value = measure === DISTRIBUTION ? "equal_width" : "quantile";
  };
  return (
    <div class="curve-options">
      {measures.length > 1 && (
        <label>
          <span>Measure</span>
          <select
            class="select"
            value={options.measure.value ?? measures[0]}
            onChange={(event) => choose(event.currentTarget.value)}
          >
            {measures.map((name) => (
              <option key={name} value={name}>
                {name === DISTRIBUTION ? "how fields are spread" : labelOfMeasure(dataset, name)}
              </option>
            ))}
          </select>
        </label>
      )}
      <label>
        <span>Bins of</span>
        <select
          class="select"
          value={options.binning.value}
          onChange={(event) => (options.binning.value = event.currentTarget.value as Shown)}
        >
          <option value="quantile">equal count</option>
          <option value="equal_width">equal width</option>
        </select>
      </label>
      <input
        type="search"
        placeholder="Find a field"
        aria-label="Find a curve by its field"
        value={options.query.value}
        onInput={(event) => (options.query.value = event.currentTarget.value)}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={options.ofSelection.value}
          onChange={(event) => (options.ofSelection.value = event.currentTarget.checked)}
        />
        <span>of the selection only</span>
      </label>
      <AddCurve />
    </div>
  );
}

function CurveList({
  groups,
  options,
  isOwn = false,
}: {
  groups: CurveGroup[];
  options: Options;
  isOwn?: boolean;
}) {
  const [shown, setShown] = useState(FIRST_SHOWN);
  const wanted = groups.findIndex((group) => isWanted(group, focusedField.value));
  useEffect(() => {
    if (wanted >= shown) setShown(wanted + 1);
  }, [wanted]);
  if (!groups.length)
    return <p class="empty">No field of that name. Empty the search to see all curves.</p>;
  return (
    <>
      <ol class="curve-list">
        {groups.slice(0, shown).map((group) => (
          <li key={`${group.measure}\n${group.field}`}>
            <CurveItem group={group} options={options} isOwn={isOwn} />
          </li>
        ))}
      </ol>
      {groups.length > shown && (
        <button type="button" class="quiet" onClick={() => setShown(shown + FIRST_SHOWN)}>
          {`Show ${Math.min(FIRST_SHOWN, groups.length - shown)} more of ${count(groups.length, "curve")}`}
        </button>
      )}
    </>
  );
}
