import type { Column } from "../../data/columns";
import type { Dataset } from "../../data/dataset";

/** Columns that a person looks at first, those that are there. */
const FIRST = ["sample_id", "split", "loss", "target", "prediction", "confidence", "correct"];
const FIRST_METADATA = 3;

/** The chosen columns of the table, or the first ones with some metadata. */
export function tableColumns(dataset: Dataset, chosen: readonly string[] | null): Column[] {
  const names = chosen ?? defaultNames(dataset);
  return names.flatMap((name) => dataset.column(name) ?? []);
}

function defaultNames(dataset: Dataset): string[] {
  const metadata = dataset.columns.filter((column) => column.group === "metadata");
  return [...FIRST, ...metadata.slice(0, FIRST_METADATA).map((column) => column.name)];
}
