/** The selection as a file. */
import type { Column } from "../../data/columns";
import type { Dataset } from "../../data/dataset";
import { csvParts, shortest } from "./csv";

/** The kept rows with all columns as parts of a CSV file. */
export function selectionCsv(dataset: Dataset, rows: Uint32Array): BlobPart[] {
  const names = dataset.columns.map((column) => column.name);
  return [...csvParts(names, rows, (row) => dataset.columns.map((column) => cell(column, row)))];
}

/** A value as a file has it: whole, not rounded for reading. */
export function cell(column: Column, row: number): string | number | null {
  if (column.kind === "text") return column.text(row);
  if (column.kind === "category") return column.categories[column.codes[row]!] ?? null;
  const value = column.values[row]!;
  return Number.isFinite(value) ? shortest(value) : null;
}

/** Let the browser save a file. */
export function download(name: string, parts: BlobPart[], type: string): void {
  const address = URL.createObjectURL(new Blob(parts, { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
