import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Column } from "../../data/columns";
import type { Curve } from "../../payload";
import { filterKey, useSession } from "../../state";
import { plain } from "../../parts/text";
import { CurveChart } from "./CurveChart";
import { CurveTable } from "./CurveTable";
import { computeCurve, isField, isMeasure } from "./computed";
import { columnOfMeasure, labelOfField, labelOfMeasure, useSplitColors, useWidth } from "./context";
import { DISTRIBUTION } from "./distribution";
import { filterOfBins, keptBins } from "./filters";
import { focusedField } from "./focus";
import { splitsOf } from "./geometry";
import type { Options } from "./options";
import { inBinning, type CurveGroup } from "./ranking";

/** Whether a group is the one that is to come into view. */
export const isWanted = (group: CurveGroup, field: string | null): boolean =>
  field !== null && (group.field === field || group.similar.includes(field));

interface ItemProps {
  group: CurveGroup;
  options: Options;
  isOwn: boolean;
}

/** One curve with its title, as a drawing or a table. */
export function CurveItem({ group, options, isOwn }: ItemProps) {
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
    const column = columnOfMeasure(dataset, group.measure);
    const measure =
      group.measure === DISTRIBUTION ? DISTRIBUTION : column && isMeasure(column) && column;
    if (!field || !isField(field) || !measure || (ready && !rows)) return ready;
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
