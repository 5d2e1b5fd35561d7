import { useSignal, type Signal } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Column } from "../../data/columns";
import type { Curve } from "../../payload";
import { filterKey, useSession, useView } from "../../state";
import { count, plain } from "../insights/words";
import { AddCurve } from "./AddCurve";
import { CurveChart, CurveTable } from "./CurveChart";
import { computeCurve, isField, isMeasure } from "./computed";
import { filterOfBins, keptBins } from "./filters";
import { focusedField } from "./focus";
import { splitsOf } from "./geometry";
import { groupCurves, inBinning, measuresOf, type CurveGroup } from "./ranking";
import { columnOfMeasure, labelOfField, labelOfMeasure, useSplitColors, useWidth } from "./context";
import "../samples/common.css";
import "./curves.css";

type Shown = "quantile" | "equal_width";

const FIRST_SHOWN = 8;

/** How the curves are looked at; kept while the page is open. */
interface Options {
  measure: Signal<string | null>;
  binning: Signal<Shown>;
  ofSelection: Signal<boolean>;
  query: Signal<string>;
}

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
  const own = added.map(({ field, measure }) => ({ field, measure, curves: [], similar: [] }));
  return (
    <section class="curves" aria-label="Curves">
      <CurveOptions options={options} groups={groups} />
      {own.length > 0 && <CurveList groups={own} options={options} isOwn />}
      {groups.length > 0 ? (
        <CurveList groups={matching(groups, options)} options={options} />
      ) : (
        <NoCurves />
      )}
    </section>
  );
}

function matching(groups: CurveGroup[], { measure, query }: Options): CurveGroup[] {
  const chosen = measure.value ?? measuresOf(groups)[0];
  const words = query.value.toLowerCase();
  return groups.filter(
    (group) =>
      group.measure === chosen &&
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
  const measures = measuresOf(groups);
  return (
    <div class="curve-options">
      {measures.length > 1 && (
        <label>
          <span>Measure</span>
          <select
            class="select"
            value={options.measure.value ?? measures[0]}
            onChange={(event) => (options.measure.value = event.currentTarget.value)}
          >
            {measures.map((name) => (
              <option key={name} value={name}>
                {labelOfMeasure(dataset, name)}
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

const isWanted = (group: CurveGroup, field: string | null): boolean =>
  field !== null && (group.field === field || group.similar.includes(field));

interface ItemProps {
  group: CurveGroup;
  options: Options;
  isOwn: boolean;
}

function CurveItem({ group, options, isOwn }: ItemProps) {
  const { dataset, update, state } = useSessionParts();
  const [asTable, setAsTable] = useState(false);
  const box = useRef<HTMLElement>(null);
  const wanted = isWanted(group, focusedField.value);
  useEffect(() => {
    if (!wanted) return;
    box.current?.scrollIntoView({ block: "start" });
    box.current?.focus({ preventScroll: true });
    focusedField.value = null;
  }, [wanted]);
  const field = dataset.columnOfField(group.field) ?? dataset.column(group.field);
  const name = labelOfField(dataset, group.field);
  const curve = useCurve(group, options, field);
  const measure = labelOfMeasure(dataset, group.measure);
  const remove = (): void =>
    update({
      addedCurves: state
        .peek()
        .addedCurves.filter((one) => one.field !== group.field || one.measure !== group.measure),
    });
  return (
    <article class="curve" ref={box} tabIndex={-1} aria-label={`${measure} by ${name}`}>
      <header>
        <h3 title={field?.description || name}>{name}</h3>
        {curve && <BinningNote curve={curve} group={group} />}
        <button
          type="button"
          class="quiet"
          aria-pressed={asTable}
          onClick={() => setAsTable(!asTable)}
        >
          {asTable ? "Drawing" : "Table"}
        </button>
        {isOwn && (
          <button
            type="button"
            class="quiet"
            aria-label={`Remove the curve of ${name}`}
            onClick={remove}
          >
            ✕
          </button>
        )}
      </header>
      {curve ? (
        <CurveBody curve={curve} field={field} name={name} measure={measure} asTable={asTable} />
      ) : (
        <CannotDraw name={name} />
      )}
    </article>
  );
}

function useSessionParts() {
  const session = useSession();
  return { dataset: session.dataset, state: session.state, update: session.update.bind(session) };
}

function CannotDraw({ name }: { name: string }) {
  return (
    <p class="empty">{`${name} is not among the columns of this page, or nothing is selected.`}</p>
  );
}

/** The analysis' curve, or one worked out here: of the selection, or of a person's own pair of columns. */
function useCurve(group: CurveGroup, options: Options, field: Column | undefined): Curve | null {
  const session = useSession();
  const { dataset } = session;
  const ofSelection = options.ofSelection.value;
  const rows = ofSelection ? session.keptRows.value : null;
  const binning = options.binning.value;
  return useMemo(() => {
    const ready = group.curves.length ? inBinning(group, binning) : null;
    const measure = columnOfMeasure(dataset, group.measure);
    const canCompute = field && isField(field) && measure && isMeasure(measure);
    if (!canCompute || (ready && !rows)) return ready;
    const made = computeCurve(
      dataset,
      field,
      measure,
      binning,
      dataset.header.confidence,
      rows ?? undefined,
    );
    return Object.keys(made.series).length ? made : null;
  }, [dataset, group.field, group.measure, binning, rows]);
}

function BinningNote({ curve, group }: { curve: Curve; group: CurveGroup }) {
  const bins = Object.values(curve.series)[0]?.length ?? 0;
  const exact = Object.values(curve.series)[0]?.every((bin) => bin.lower === bin.upper);
  const how =
    curve.binning === "categorical"
      ? "categories"
      : exact
        ? "values"
        : plain(curve.binning === "quantile" ? "bins of equal count" : "bins of equal width");
  const alike = group.similar.length ? `, like ${group.similar.join(", ")}` : "";
  return (
    <small
      title={alike ? `${group.similar.join(", ")} say nearly the same` : undefined}
    >{`${bins} ${how}${alike}`}</small>
  );
}

interface BodyProps {
  curve: Curve;
  field: Column | undefined;
  name: string;
  measure: string;
  asTable: boolean;
}

function CurveBody({ curve, field, name, measure, asTable }: BodyProps) {
  const session = useSession();
  const { header } = session.dataset;
  const colorOf = useSplitColors();
  const [box, width] = useWidth(380);
  const splitOrder = header.splits.map((split) => split.split);
  const bins = curve.series[splitsOf(curve, splitOrder)[0]!] ?? [];
  const active = field ? session.filter(`column:${field.name}`) : undefined;
  const keep = (first: number, last: number): void => {
    const filter = field && filterOfBins(field, bins, first, last);
    if (!filter) return;
    if (JSON.stringify(active) === JSON.stringify(filter)) session.removeFilter(filterKey(filter));
    else session.addFilter(filter);
  };
  const shared = { curve, field: name, measure, splitOrder, confidence: header.confidence };
  return (
    <div ref={box}>
      {asTable ? (
        <CurveTable {...shared} />
      ) : (
        <CurveChart
          {...shared}
          colorOf={colorOf}
          width={width}
          kept={keptBins(active, bins)}
          onKeep={field && keep}
        />
      )}
    </div>
  );
}
