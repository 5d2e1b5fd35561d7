/** A run of the list, and the order and search of the list: no network, no page. */

/** What MLflow answers about a run, as far as the list needs it. */
export interface RunAnswer {
  readonly info: {
    readonly run_id: string;
    readonly run_name?: string;
    readonly experiment_id: string;
    readonly status?: string;
    readonly start_time?: number | string;
  };
  readonly data: {
    readonly metrics?: readonly { readonly key: string; readonly value: number; readonly step?: number | string }[];
    readonly tags?: readonly { readonly key: string; readonly value: string }[];
  };
}

/** A run that holds captures or analyses. */
export interface ListedRun {
  readonly id: string;
  readonly name: string;
  readonly experimentId: string;
  readonly experiment: string;
  /** Milliseconds since 1970; null where MLflow does not tell. */
  readonly started: number | null;
  readonly status: string;
  /** Whether there is an analysis; else there are only captures. */
  readonly analyzed: boolean;
  /** Epoch of the newest analysis. */
  readonly epoch: number | null;
  /** Samples of all splits. */
  readonly samples: number | null;
  /** Split whose loss and accuracy are shown. */
  readonly split: string | null;
  readonly loss: number | null;
  readonly accuracy: number | null;
  readonly insights: number | null;
  /** Kinds of insight that were found, most first. */
  readonly kinds: readonly { readonly kind: string; readonly count: number }[];
}

/** Columns that the list can be sorted by. */
export type SortKey = "name" | "experiment" | "started" | "samples" | "loss" | "accuracy" | "insights";

/** How the list is sorted. */
export interface RunOrder {
  readonly key: SortKey;
  readonly descending: boolean;
}

/** Metric that every analysis logs; runs are found by it. */
export const ANALYZED_METRIC = "latent/insights_total";
/** Tag that the first upload of captures sets; runs without an analysis are found by it. */
export const CAPTURES_TAG = "latent.captures";

const PREFIX = "latent/";
const KIND = "insights_";
const SAMPLES = "samples_";
const LOSS = "mean_loss_";
/** Splits whose loss says most about a model, best first; any other comes after them, train last. */
const TOLD_BY = ["val", "test"];
const LEARNED = "train";

/** The row of a run. */
export function listed(run: RunAnswer, experiments: ReadonlyMap<string, string>): ListedRun {
  const metrics = ours(run);
  const started = Number(run.info.start_time ?? NaN);
  const split = shownSplit(metrics);
  const total = metrics.get("insights_total");
  return {
    id: run.info.run_id,
    name: run.info.run_name || run.info.run_id,
    experimentId: run.info.experiment_id,
    experiment: experiments.get(run.info.experiment_id) ?? run.info.experiment_id,
    started: Number.isFinite(started) ? started : null,
    status: run.info.status ?? "",
    analyzed: total !== undefined,
    epoch: total?.step ?? null,
    samples: samplesOf(metrics),
    split,
    loss: split === null ? null : (metrics.get(LOSS + split)?.value ?? null),
    accuracy: split === null ? null : (metrics.get(`accuracy_${split}`)?.value ?? null),
    insights: total?.value ?? null,
    kinds: kindsOf(metrics),
  };
}

/** The runs that match all words of the search, in its order; missing values are last. */
export function arranged(
  runs: readonly ListedRun[],
  search: string,
  experimentId: string | null,
  order: RunOrder,
): ListedRun[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const kept = runs.filter(
    (run) => (experimentId === null || run.experimentId === experimentId) && matches(run, words),
  );
  return kept.sort((a, b) => compared(a, b, order) || compared(a, b, NEWEST_FIRST));
}

/** The order that the list begins with. */
export const NEWEST_FIRST: RunOrder = { key: "started", descending: true };

/** "2 low performance, 1 overfitting". */
export function kindsText(run: ListedRun): string {
  return run.kinds.map(({ kind, count }) => `${count} ${kind.replaceAll("_", " ")}`).join(", ");
}

interface Value {
  readonly value: number;
  readonly step: number;
}

function ours(run: RunAnswer): Map<string, Value> {
  const metrics = (run.data.metrics ?? []).filter(({ key }) => key.startsWith(PREFIX));
  return new Map(
    metrics.map(({ key, value, step }) => [key.slice(PREFIX.length), { value, step: Number(step ?? 0) }]),
  );
}

function shownSplit(metrics: ReadonlyMap<string, Value>): string | null {
  const splits = [...metrics.keys()].filter((key) => key.startsWith(LOSS)).map((key) => key.slice(LOSS.length));
  const others = splits.filter((split) => split !== LEARNED);
  return TOLD_BY.find((split) => splits.includes(split)) ?? others[0] ?? splits[0] ?? null;
}

function samplesOf(metrics: ReadonlyMap<string, Value>): number | null {
  const counts = [...metrics].filter(([key]) => key.startsWith(SAMPLES)).map(([, { value }]) => value);
  return counts.length ? counts.reduce((sum, n) => sum + n, 0) : null;
}

function kindsOf(metrics: ReadonlyMap<string, Value>) {
  return [...metrics]
    .filter(([key, { value }]) => key.startsWith(KIND) && key !== "insights_total" && value > 0)
    .map(([key, { value }]) => ({ kind: key.slice(KIND.length), count: value }))
    .sort((a, b) => b.count - a.count || (a.kind < b.kind ? -1 : 1));
}

function matches(run: ListedRun, words: readonly string[]): boolean {
  const text = `${run.name} ${run.id} ${run.experiment} ${kindsText(run)}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function compared(a: ListedRun, b: ListedRun, { key, descending }: RunOrder): number {
  const [x, y] = [a[key], b[key]];
  if (x === null || y === null) return Number(x === null) - Number(y === null);
  const order =
    typeof x === "string" ? x.localeCompare(String(y), "en", { numeric: true }) : x - Number(y);
  return descending ? -order : order;
}
