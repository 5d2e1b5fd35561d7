/** Named sets of samples: filters kept as a tag of the run, so that everybody who opens it has them. */
import { signal, type ReadonlySignal } from "@preact/signals";
import { asPageError, PageError } from "../../data/errors";
import type { Dataset } from "../../data/dataset";
import type { Source } from "../../data/source";
import type { Filter } from "../../state";

/** A set as it is kept: rows are named by split and id, as row numbers are not the same in every analysis. */
export interface NamedSet {
  readonly slug: string;
  readonly name: string;
  readonly filters: readonly KeptFilter[];
}

type KeptFilter =
  | Exclude<Filter, { type: "rows" }>
  | {
      readonly type: "rows";
      readonly label: string;
      readonly insight?: string;
      readonly samples?: Record<string, string[]>;
    };

const PREFIX = "latent.set.";
/** MLflow takes tags of 8,000 letters (5,000 in older versions). */
const LONGEST_TAG = 4_900;

/** A name as part of a tag's key: letters, digits, `-` and `_`; a hash where nothing is left. */
export function slugOf(name: string): string {
  const slug = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 40);
  return (
    slug ||
    `set-${[...name].reduce((sum, letter) => (Math.imul(sum, 31) + letter.codePointAt(0)!) >>> 0, 7).toString(36)}`
  );
}

/**
 * The filters as a tag's value.
 *
 * @throws PageError they hold too many single samples for a tag.
 */
export function packSet(name: string, filters: readonly Filter[], dataset: Dataset): string {
  const kept = filters.map((filter) =>
    filter.type === "rows" ? packRows(filter, dataset) : filter,
  );
  const text = JSON.stringify({ name, filters: kept });
  if (text.length > LONGEST_TAG)
    throw new PageError(
      "This selection names too many single samples for a tag of the run.",
      "Export it as CSV, or select by filters and insights, which take little room.",
    );
  return text;
}

function packRows(filter: Filter & { type: "rows" }, dataset: Dataset): KeptFilter {
  if (filter.source?.insight)
    return { type: "rows", label: filter.label, insight: filter.source.insight };
  const samples: Record<string, string[]> = {};
  for (const row of filter.rows) (samples[dataset.split(row)] ??= []).push(dataset.sampleId(row));
  return { type: "rows", label: filter.label, samples };
}

/** The filters of a set; null if nothing of it can be found in this analysis. */
export function unpackSet(set: NamedSet, dataset: Dataset): Filter[] | null {
  const filters = set.filters.flatMap((kept): Filter[] => {
    if (kept.type !== "rows") return "column" in kept && !dataset.column(kept.column) ? [] : [kept];
    const rows = rowsOf(kept, dataset);
    return rows.length
      ? [
          {
            type: "rows",
            label: kept.label,
            rows,
            source: kept.insight ? { insight: kept.insight } : { set: set.slug },
          },
        ]
      : [];
  });
  return filters.length === set.filters.length ? filters : null;
}

function rowsOf(kept: KeptFilter & { type: "rows" }, dataset: Dataset): Uint32Array {
  const insight = kept.insight === undefined ? undefined : dataset.insight(kept.insight);
  if (insight) return dataset.insightRows(insight);
  const rows = Object.entries(kept.samples ?? {}).flatMap(([split, ids]) =>
    ids.map((id) => dataset.row(split, id)),
  );
  return Uint32Array.from(rows.filter((row) => row >= 0));
}

/** The sets among a run's tags; a tag that is none is left out. */
export function setsOf(tags: Readonly<Record<string, string>>): NamedSet[] {
  return Object.entries(tags)
    .filter(([key]) => key.startsWith(PREFIX))
    .flatMap(([key, value]) => parsed(key.slice(PREFIX.length), value) ?? [])
    .sort((a, b) => a.name.localeCompare(b.name));
}

function parsed(slug: string, value: string): NamedSet | null {
  try {
    const { name, filters } = JSON.parse(value);
    if (typeof name !== "string" || !Array.isArray(filters) || !filters.every(isFilter))
      return null;
    return { slug, name, filters };
  } catch {
    return null;
  }
}

/** A tag is whoever's: what it holds is looked at before it is used. */
function isFilter(value: unknown): value is KeptFilter {
  const one = value as Record<string, unknown> | null;
  const isText = (key: string): boolean => typeof one?.[key] === "string";
  const isNumber = (key: string): boolean => typeof one?.[key] === "number";
  const areTexts = (list: unknown): boolean =>
    Array.isArray(list) && list.every((item) => typeof item === "string");
  switch (one?.["type"]) {
    case "range":
      return isText("column") && isNumber("low") && isNumber("high");
    case "categories":
      return isText("column") && areTexts(one["categories"]);
    case "text":
      return isText("column") && isText("query");
    case "lasso":
      return (
        isNumber("projection") &&
        Array.isArray(one["polygon"]) &&
        one["polygon"].every(
          (point) => Array.isArray(point) && point.length === 2 && point.every(Number.isFinite),
        )
      );
    case "rows":
      return (
        isText("label") &&
        (isText("insight") || Object.values(one["samples"] ?? {}).every(areTexts))
      );
    default:
      return false;
  }
}

/** The named sets of one run. */
export class NamedSets {
  private readonly known = signal<readonly NamedSet[]>([]);
  private readonly failure = signal<PageError | null>(null);
  readonly all: ReadonlySignal<readonly NamedSet[]> = this.known;
  readonly problem: ReadonlySignal<PageError | null> = this.failure;

  constructor(
    private readonly source: Source,
    private readonly runId: string | undefined,
  ) {
    if (source.kind === "server")
      void this.attempt(async () => (this.known.value = setsOf(await source.tags(runId))));
  }

  /** Whether sets can be kept here. */
  get canWrite(): boolean {
    return this.source.canWrite;
  }

  /** Keep the filters under a name; one of the same name is replaced. */
  save(name: string, filters: readonly Filter[], dataset: Dataset): Promise<boolean> {
    return this.attempt(async () => {
      const slug = slugOf(name);
      const value = packSet(name, filters, dataset);
      await this.source.setTag(PREFIX + slug, value, this.runId);
      this.known.value = setsOf({
        ...Object.fromEntries(
          this.known.peek().map((set) => [PREFIX + set.slug, JSON.stringify(set)]),
        ),
        [PREFIX + slug]: value,
      });
    });
  }

  /** Forget a set: its tag is emptied. */
  remove(set: NamedSet): Promise<boolean> {
    return this.attempt(async () => {
      await this.source.setTag(PREFIX + set.slug, "{}", this.runId);
      this.known.value = this.known.peek().filter((one) => one.slug !== set.slug);
    });
  }

  private async attempt(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      this.failure.value = null;
      return true;
    } catch (error) {
      this.failure.value = asPageError(error);
      return false;
    }
  }
}
