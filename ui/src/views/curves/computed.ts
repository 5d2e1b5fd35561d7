/** Curves of the page's own making: of any two columns, of all samples or of the selection. */
import type { Column, NumberColumn } from "../../data/columns";
import type { Dataset } from "../../data/dataset";
import type { Curve } from "../../payload";
import { makeBins, type Binning } from "./bins";
import { DISTRIBUTION, shareSeries } from "./distribution";
import { curveSeries, type RowsOfSplits } from "./compute";

/** Columns that can lie on the horizontal axis. */
export const isField = (column: Column): boolean => column.kind !== "text";

/** Columns that can be averaged. */
export const isMeasure = (column: Column): column is NumberColumn => column.kind === "number";

/**
 * A curve over some rows: the mean of a measure, or the share of each split's samples.
 *
 * @param rows - ascending or not; all rows if undefined.
 */
export function computeCurve(
  dataset: Dataset,
  field: Column,
  measure: NumberColumn | typeof DISTRIBUTION,
  binning: Binning,
  confidence: number,
  rows: Uint32Array = everyRow(dataset.n),
): Curve {
  if (field.kind === "text") throw new TypeError(`'${field.name}' is text: it has no bins`);
  const bins = makeBins(field, rows, binning);
  const splits = rowsBySplit(dataset, rows);
  const isShare = measure === DISTRIBUTION;
  return {
    field: field.field ?? field.name,
    measure: isShare ? measure : measure.name,
    binning: bins.binning,
    series: isShare
      ? shareSeries(bins, splits, confidence)
      : curveSeries(bins, measure.values, splits, confidence),
    strength: 0,
    similar_fields: [],
  };
}

/** 0 … n − 1. */
export const everyRow = (n: number): Uint32Array =>
  Uint32Array.from({ length: n }, (_, row) => row);

/** The rows of each split that has any; without a column of splits, all of them as `samples`. */
export function rowsBySplit(dataset: Dataset, rows: Uint32Array): RowsOfSplits {
  const split = dataset.column("split");
  if (split?.kind !== "category") return new Map([["samples", rows]]);
  const counts = new Uint32Array(split.categories.length + 1);
  const place = (row: number): number => Math.min(split.codes[row]!, split.categories.length);
  for (let i = 0; i < rows.length; i++) counts[place(rows[i]!)]!++;
  const parts = Array.from(counts, (n) => new Uint32Array(n));
  const ends = new Uint32Array(counts.length);
  for (let i = 0; i < rows.length; i++) {
    const code = place(rows[i]!);
    parts[code]![ends[code]!++] = rows[i]!;
  }
  return new Map(
    parts
      .map((part, code) => [split.categories[code] ?? "(no split)", part] as const)
      .filter(([, part]) => part.length > 0),
  );
}
