/** The runs of a comparison, loaded and joined. */
import { Dataset } from "../../data/dataset";
import type { Source } from "../../data/source";
import { Session, firstView, type ViewState } from "../../state";
import {
  aligned,
  comparability,
  differenceColumn,
  ranks,
  subtract,
  type Comparability,
} from "./differences";
import { join, type Joined } from "./join";

/** Runs beside each other at most. */
export const MOST_RUNS = 4;
const LETTERS = "ABCD";

/** One of the runs. */
export interface ComparedRun {
  readonly letter: string;
  readonly name: string;
  readonly runId: string;
  readonly dataset: Dataset;
  readonly session: Session;
}

/** The first run against another. */
export interface Pair {
  readonly second: number;
  /** name of the column of differences, in every run. */
  readonly column: string;
  readonly label: string;
  readonly comparability: Comparability;
  /** (size of the join) first − second: of losses, or of their ranks where losses are not on one scale. */
  readonly differences: Float32Array;
  /** (size of the join) right in the first − right in the second: −1, 0, 1. */
  readonly rights: Float32Array;
  /** what `differences` are of. */
  readonly unit: "loss" | "rank";
}

/** Everything that the page shows. */
export interface Comparison {
  readonly runs: readonly ComparedRun[];
  readonly joined: Joined;
  readonly pairs: readonly Pair[];
}

/** A source that is about one run. */
export function sourceOf(source: Source, runId: string): Source {
  return {
    kind: source.kind,
    runId,
    canWrite: source.canWrite,
    explorer: (run = runId, epoch) => source.explorer(run, epoch),
    epochs: (run = runId) => source.epochs(run),
    heatmaps: (split, epoch, run = runId) => source.heatmaps(split, epoch, run),
    sheet: (path) => sheetOf(source, path, runId),
    artifactUrl: (path, run = runId) => source.artifactUrl(path, run),
    artifactPage: (path, run = runId) => source.artifactPage(path, run),
    artifactJson: (path, run = runId) => source.artifactJson(path, run),
    tags: (run = runId) => source.tags(run),
    setTag: (key, value, run = runId) => source.setTag(key, value, run),
    pageUrl: (page) => source.pageUrl(page),
    mlflow: (path, init) => source.mlflow(path, init),
  };
}

async function sheetOf(source: Source, path: string, runId: string): Promise<ImageBitmap> {
  const address = source.artifactUrl(path, runId);
  if (!address) return source.sheet(path);
  const response = await fetch(address, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${response.status} for ${path}`);
  return createImageBitmap(await response.blob());
}

/** Join runs that were read, and give each the columns of differences. */
export function compareRuns(
  read: readonly { runId: string; dataset: Dataset }[],
  source: Source,
): Comparison {
  const joined = join(read.map(({ dataset }) => dataset));
  const datasets = read.map(({ dataset }) => dataset);
  const pairs = datasets.slice(1).map((_, place) => pairOf(datasets, joined, place + 1));
  const runs = read.map(({ runId, dataset }, place) => {
    const columns = pairs.map((pair) =>
      differenceColumn(
        pair.column,
        pair.label,
        describe(pair),
        pair.differences,
        joined.sampleOf[place]!,
      ),
    );
    const whole = dataset.with(columns);
    const session = new Session(whole, sourceOf(source, runId), openingView(whole, pairs));
    session.isWhole.value = true;
    return {
      letter: LETTERS[place]!,
      name: nameOf(read, place),
      runId,
      dataset: whole,
      session,
    };
  });
  return { runs, joined, pairs };
}

/** A run's name; with the start of its id where another has the same. */
function nameOf(read: readonly { runId: string; dataset: Dataset }[], place: number): string {
  const names = read.map(({ runId, dataset }) => dataset.header.run_name ?? runId);
  const isAlone = names.filter((name) => name === names[place]).length === 1;
  return isAlone ? names[place]! : `${names[place]} (${read[place]!.runId.slice(0, 6)})`;
}

function openingView(dataset: Dataset, pairs: readonly Pair[]): ViewState {
  const view = firstView(dataset);
  return { ...view, color: pairs[0]?.column ?? view.color, tab: "samples" };
}

function describe({ unit, label }: Pair): string {
  return unit === "loss"
    ? `${label}: above zero, the first run is worse`
    : `${label}: above zero, the sample is harder for the first run than for the second, compared with its other samples`;
}

function pairOf(datasets: readonly Dataset[], joined: Joined, second: number): Pair {
  const [a, b] = [datasets[0]!, datasets[second]!];
  const found = comparability(a.header, b.header);
  const [first, other] = [lossOf(a, joined.rowOf[0]!), lossOf(b, joined.rowOf[second]!)];
  const unit = found.losses ? "loss" : "rank";
  const differences =
    unit === "loss" ? subtract(first, other) : subtract(ranks(first, other), ranks(other, first));
  const rights = subtract(rightOf(a, joined.rowOf[0]!), rightOf(b, joined.rowOf[second]!));
  const what = unit === "loss" ? "loss" : "rank of loss";
  const label = `${what}: A − ${LETTERS[second]}`;
  return {
    second,
    column: `difference_${second}`,
    label,
    comparability: found,
    differences,
    rights,
    unit,
  };
}

function lossOf(dataset: Dataset, rows: Int32Array): Float32Array {
  const column = dataset.column("loss");
  return column?.kind === "number"
    ? aligned(column.values, rows)
    : new Float32Array(rows.length).fill(NaN);
}

/** 1 right, 0 wrong, NaN unknown. */
export function rightOf(dataset: Dataset, rows: Int32Array): Float32Array {
  const [target, prediction] = [dataset.column("target"), dataset.column("prediction")];
  if (target?.kind !== "category" || prediction?.kind !== "category")
    return new Float32Array(rows.length).fill(NaN);
  // The two columns may list their classes differently: the target's code of each predicted class.
  const codeOf = new Map(target.categories.map((name, code) => [name, code]));
  const same = prediction.categories.map((name) => codeOf.get(name) ?? -1);
  return Float32Array.from(rows, (row) => {
    const [is, taken] = row < 0 ? [-1, -1] : [target.codes[row]!, prediction.codes[row]!];
    const isKnown =
      is >= 0 && is < target.categories.length && taken < prediction.categories.length;
    return isKnown ? Number(same[taken] === is) : NaN;
  });
}
