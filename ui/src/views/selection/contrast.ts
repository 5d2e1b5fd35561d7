/** The selection beside the rest of the same splits, worked out column by column so that the page stays alive. */
import type { Column, NumberColumn } from "../../data/columns";
import type { Session } from "../../state";
import { meanDifference, meanInterval, moments, type Evidence } from "./evidence";
import { sidesOf, type Sides } from "./sampling";
import { present, rankSeparations, separate, type Separation } from "./separation";

/** A column that separates the selection from the rest. */
export interface FoundField {
  readonly column: Column;
  readonly name: string;
  readonly found: Separation;
}

/** A mean on each side, and their difference. */
export interface MeanContrast {
  readonly column: NumberColumn;
  readonly inside: Evidence & { n: number };
  readonly outside: Evidence & { n: number };
  readonly difference: Evidence;
}

/** What is known of the selection so far. */
export interface Contrast {
  readonly sides: Sides;
  readonly fields: readonly FoundField[];
  readonly means: readonly MeanContrast[];
  /** columns that were looked at, of `total`. */
  readonly done: number;
  readonly total: number;
}

/** Milliseconds of work after which the page gets a turn. */
const SLICE = 10;

/** Columns that say nothing of a sample or everything: an id, the splits that were made equal. */
const LEFT_OUT = new Set(["sample_id", "split", "epoch"]);

/** The kept rows and the rest of their splits. */
export function currentSides(session: Session): Sides {
  const { dataset, fails } = session;
  const split = dataset.column("split");
  const splitOf = split?.kind === "category" ? (row: number) => split.codes[row]! : () => 0;
  return sidesOf(dataset.n, (row) => fails[row] === 0, splitOf);
}

/** Work through all columns; `report` gets what is known after each slice, until `isCurrent` is false. */
export async function contrast(
  session: Session,
  isCurrent: () => boolean,
  report: (contrast: Contrast) => void,
): Promise<void> {
  const { dataset } = session;
  const { confidence } = dataset.header;
  const sides = currentSides(session);
  const means = meansOf(dataset.columns, sides, confidence);
  const columns = dataset.columns.filter(
    (column) => column.kind !== "text" && !LEFT_OUT.has(column.name),
  );
  const total = columns.length;
  const fields: FoundField[] = [];
  let started = performance.now();
  for (const [done, column] of columns.entries()) {
    const found =
      column.kind === "text" ? null : separate(column, sides.inside, sides.outside, confidence);
    if (found) fields.push({ column, name: column.name, found });
    if (performance.now() - started < SLICE) continue;
    report({ sides, means, fields: rankSeparations(fields), done: done + 1, total });
    await new Promise((resolve) => setTimeout(resolve));
    if (!isCurrent()) return;
    started = performance.now();
  }
  report({ sides, means, fields: rankSeparations(fields), done: total, total });
}

/** Measures whose means are compared: the loss and its parts, and metrics. */
const isMeasured = (column: Column): column is NumberColumn =>
  column.kind === "number" && /^(loss|metric)(_|$)/.test(column.name);

function meansOf(columns: readonly Column[], sides: Sides, confidence: number): MeanContrast[] {
  return columns.filter(isMeasured).flatMap((column) => {
    const [first, second] = [sides.inside, sides.outside].map((rows) =>
      moments(present(column.values, rows)),
    );
    if (!first!.n) return [];
    return {
      column,
      inside: { ...meanInterval(first!, confidence), n: first!.n },
      outside: { ...meanInterval(second!, confidence), n: second!.n },
      difference: meanDifference(first!, second!, confidence),
    };
  });
}
