/** What can be on a curve's vertical axis: the report's measures, predicted losses, and how fields are spread. */
import type { Dataset } from "../../data/dataset";
import type { Session } from "../../state";
import { isField } from "./computed";
import { apartness, DISTRIBUTION } from "./distribution";
import { measuresOf, type CurveGroup } from "./ranking";

/** Columns that are a measure of samples without labels. */
const PREDICTED = ["predicted_loss"];

/** The measures to choose from, the report's own first. */
export function measureChoices(dataset: Dataset, groups: readonly CurveGroup[]): string[] {
  const predicted = PREDICTED.filter((name) => dataset.column(name)?.kind === "number");
  return [...new Set([...measuresOf(groups), ...predicted, DISTRIBUTION])];
}

/** The curves of a measure: those of the report, or else one to be worked out for every field. */
export function groupsOf(
  session: Session,
  groups: readonly CurveGroup[],
  measure: string,
): CurveGroup[] {
  const own = groups.filter((group) => group.measure === measure);
  if (own.length) return own;
  return measure === DISTRIBUTION
    ? distributions(session)
    : alike(session.dataset, groups, measure);
}

/** Every field, those first in which the splits differ most. */
function distributions(session: Session): CurveGroup[] {
  const columns = session.dataset.columns.filter(
    (column) => isField(column) && column.name !== "split" && session.binning(column.name),
  );
  return columns
    .map((column) => ({ column, apart: apartness(session.totalBySplit(column.name)) }))
    .sort((a, b) => b.apart - a.apart)
    .map(({ column }) => made(column.field ?? column.name, DISTRIBUTION));
}

/** The fields of the report's curves in their order, then the metadata that has none. */
function alike(dataset: Dataset, groups: readonly CurveGroup[], measure: string): CurveGroup[] {
  const metadata = dataset.columns.filter(
    ({ group, kind }) => group === "metadata" && kind !== "text",
  );
  const fields = [
    ...groups.map(({ field }) => field),
    ...metadata.map(({ field, name }) => field ?? name),
  ];
  const told = new Set(groups.flatMap(({ similar }) => similar));
  return [...new Set(fields)]
    .filter((field) => !told.has(field))
    .map((field) => made(field, measure));
}

const made = (field: string, measure: string): CurveGroup => ({
  field,
  measure,
  curves: [],
  similar: [],
});
