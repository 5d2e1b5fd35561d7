/** Differences between two runs, sample by sample. */
import { ascending } from "../../crossfilter/sorting";
import { derivedNumbers, type NumberColumn } from "../../data/columns";
import type { ExplorerHeader } from "../../payload";
import { meanInterval, moments, type Evidence } from "../selection/evidence";

/** What may be compared between two runs, and why not the rest. */
export interface Comparability {
  /** losses are on one scale. */
  readonly losses: boolean;
  /** "right" means the same. */
  readonly correctness: boolean;
  /** what stands against it, in sentences; empty if nothing does. */
  readonly reasons: readonly string[];
}

/** Whether two runs solve the same problem with the same classes. */
export function comparability(
  first: Pick<ExplorerHeader, "task" | "class_names">,
  second: Pick<ExplorerHeader, "task" | "class_names">,
): Comparability {
  const reasons: string[] = [];
  if (first.task !== second.task) reasons.push(`One is ${first.task}, the other ${second.task}.`);
  const named = [first, second].filter(({ class_names: names }) => names.length > 0).length;
  if (named === 1)
    reasons.push("Only one of them names its classes: whether they are the same is unknown.");
  const same = JSON.stringify(first.class_names) === JSON.stringify(second.class_names);
  const reordered = !same && sameSet(first.class_names, second.class_names);
  if (named === 2 && !same && !reordered)
    reasons.push(
      `Their classes differ (${first.class_names.length} and ${second.class_names.length}): with fewer classes a loss is lower and a guess is right more often, whatever the model has learned.`,
    );
  const comparable = reasons.length === 0;
  return { losses: comparable, correctness: comparable, reasons };
}

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name) => b.includes(name));

/**
 * (size) values of one run in the order of the joined samples; NaN where it has none.
 *
 * @param rows - (size) row of each sample, −1 for none.
 */
export function aligned(values: ArrayLike<number>, rows: Int32Array): Float32Array {
  return Float32Array.from(rows, (row) => (row < 0 ? NaN : values[row]!));
}

/** a − b. */
export function subtract(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => value - b[i]!);
}

/**
 * Places of the values among each other, 0…1, ties sharing the middle; NaN stays NaN.
 *
 * Only values that `other` has too take part, so that both runs are ranked over the same samples.
 */
export function ranks(values: Float32Array, other: Float32Array): Float32Array {
  const both = values.map((value, i) => (other[i] === other[i] ? value : NaN));
  const order = ascending(derivedNumbers({ name: "", label: "" }, both), both.length);
  const found = new Float32Array(both.length).fill(NaN);
  const present = order.findIndex((row) => Number.isNaN(both[row]!));
  const count = present < 0 ? order.length : present;
  for (let start = 0, end = 0; start < count; start = end) {
    while (end < count && both[order[end]!] === both[order[start]!]) end++;
    const middle = (start + end) / 2 / count;
    for (let i = start; i < end; i++) found[order[i]!] = middle;
  }
  return found;
}

/** How two runs compare over some samples. */
export interface Tally {
  /** samples with a value in both. */
  readonly n: number;
  readonly firstBetter: number;
  readonly secondBetter: number;
  readonly equal: number;
  /** mean of first − second, with Student's interval of paired differences. */
  readonly difference: Evidence;
}

/** Wins, losses and the mean of differences of a loss (less is better). */
export function tally(
  differences: Float32Array,
  samples: ArrayLike<number>,
  confidence: number,
): Tally {
  const own = new Float32Array(samples.length);
  let [n, firstBetter, secondBetter] = [0, 0, 0];
  for (let i = 0; i < samples.length; i++) {
    const value = differences[samples[i]!]!;
    if (!Number.isFinite(value)) continue;
    own[n++] = value;
    if (value < 0) firstBetter++;
    else if (value > 0) secondBetter++;
  }
  const difference = meanInterval(moments(own.subarray(0, n)), confidence);
  return { n, firstBetter, secondBetter, equal: n - firstBetter - secondBetter, difference };
}

/** A column of differences for one run's rows. */
export function differenceColumn(
  name: string,
  label: string,
  description: string,
  differences: Float32Array,
  sampleOf: Int32Array,
): NumberColumn {
  const values = Float32Array.from(sampleOf, (sample) => differences[sample]!);
  return derivedNumbers({ name, label, description, group: "result" }, values, true);
}
