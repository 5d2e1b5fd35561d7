/** Values of a sample as text. */
import type { Column } from "../../data/columns";
import type { Dataset } from "../../data/dataset";
import { number } from "../../parts/format";

/** A row's number in a column; NaN if it has none. */
export function numberOf(column: Column | undefined, row: number): number {
  return column?.kind === "number" ? column.values[row]! : NaN;
}

/** What a sample is and was taken for; null where unknown. */
export interface Verdict {
  readonly target: string | null;
  readonly prediction: string | null;
  readonly isWrong: boolean;
}

/** A row's classes. */
export function verdict(dataset: Dataset, row: number): Verdict {
  const target = dataset.category("target", row) ?? null;
  const prediction = dataset.category("prediction", row) ?? null;
  return {
    target,
    prediction,
    isWrong: target !== null && prediction !== null && target !== prediction,
  };
}

/** `3`, or `3 → 8` where the prediction is another, or what is known. */
export function verdictText({ target, prediction, isWrong }: Verdict): string {
  if (isWrong) return `${target} → ${prediction}`;
  return target ?? (prediction === null ? "" : `→ ${prediction}`);
}

/** A sample in words: `val-12, val: target 3, predicted 8, loss 2.1`. */
export function sampleWords(dataset: Dataset, row: number): string {
  const { target, prediction } = verdict(dataset, row);
  const loss = numberOf(dataset.column("loss"), row);
  const parts = [
    target !== null && `target ${target}`,
    prediction !== null && `predicted ${prediction}`,
    Number.isFinite(loss) && `loss ${number(loss)}`,
  ].filter(Boolean);
  return `${dataset.sampleId(row)}, ${dataset.split(row)}${parts.length ? `: ${parts.join(", ")}` : ""}`;
}
