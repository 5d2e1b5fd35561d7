/** What `ml.compare` found of two runs, where it was logged: `latent/comparisons/<other run>/comparison.json`. */
import type { Source } from "../../data/source";

/** An interval; null is "not bounded". */
type Bounds = readonly [number | null, number | null];

/** What changed for one group of shared samples: paired differences b − a. */
export interface Change {
  readonly measure: string;
  readonly split: string;
  readonly grouping: string;
  readonly group: string;
  readonly field: string | null;
  readonly n: number;
  readonly mean_a: number | null;
  readonly mean_b: number | null;
  readonly difference: number | null;
  readonly interval: Bounds;
  readonly verdict: string;
}

/** An insight that appeared, was resolved, or persisted from one run to the other. */
export interface ChangedInsight {
  readonly kind: string;
  readonly status: string;
  readonly title: string;
  readonly reason: string | null;
}

/** How alike the two latent spaces are. */
export interface Agreement {
  readonly cka: number | null;
  readonly k: number;
  readonly neighbor_overlap: number;
  readonly chance: number;
}

/** The parts of the document that the page shows. */
export interface ComparisonDocument {
  /** run that it lies with: the page of it is there. */
  readonly runId: string;
  readonly folder: string;
  /** id of run a, with which b is compared; null if unknown. */
  readonly beforeId: string | null;
  readonly testedSplit: string;
  readonly confidence: number;
  /** samples by split that both runs have. */
  readonly shared: Readonly<Record<string, number>>;
  /** the leading one first. */
  readonly measures: readonly string[];
  readonly changes: readonly Change[];
  readonly insights: readonly ChangedInsight[];
  readonly agreement: Agreement | null;
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
}

/** The comparison of two runs, from whichever of them has it; null if none does. */
export async function readComparison(
  source: Source,
  first: string,
  second: string,
): Promise<ComparisonDocument | null> {
  for (const [runId, other] of [
    [first, second],
    [second, first],
  ] as const) {
    const folder = `latent/comparisons/${other}`;
    const found = await source
      .artifactJson<unknown>(`${folder}/comparison.json`, runId)
      .catch(() => null);
    const document = found === null ? null : parsed(found, runId, folder);
    if (document) return document;
  }
  return null;
}

type Loose = Record<string, any>;

/** An artifact is whoever's: what is not as expected is left out. */
export function parsed(value: unknown, runId: string, folder: string): ComparisonDocument | null {
  const document = value as Loose;
  if (typeof document?.["a"]?.name !== "string" || !Array.isArray(document["insights"]))
    return null;
  const id = document["a"].run_id;
  return {
    runId,
    folder,
    beforeId: isText(id) ? id : null,
    testedSplit: isText(document["tested_split"]) ? document["tested_split"] : "val",
    confidence: isNumber(document["confidence"]) ? document["confidence"] : 0.95,
    shared: countsOf(document["shared"]),
    measures: listOf(document["measures"]).flatMap(({ name }) => (isText(name) ? name : [])),
    changes: listOf(document["changes"]).filter(isChange) as unknown as Change[],
    insights: listOf(document["insights"]).flatMap(insightOf),
    agreement: isAgreement(document["agreement"]) ? document["agreement"] : null,
    refused: listOf(document["refused"]).flatMap(({ name, reason }) =>
      isText(name) && isText(reason) ? { name, reason } : [],
    ),
  };
}

const isText = (value: unknown): value is string => typeof value === "string";
const isNumber = (value: unknown): value is number => typeof value === "number";
const isMaybe = (value: unknown): boolean => value === null || isNumber(value);
const isObject = (value: unknown): value is Loose => typeof value === "object" && value !== null;
const listOf = (value: unknown): Loose[] => (Array.isArray(value) ? value.filter(isObject) : []);

function countsOf(value: unknown): Record<string, number> {
  return Object.fromEntries(
    Object.entries(isObject(value) ? value : {}).filter(([, n]) => isNumber(n)),
  );
}

function isChange(one: Loose): boolean {
  const texts = [one["measure"], one["split"], one["grouping"], one["group"], one["verdict"]];
  const [lower, upper] = Array.isArray(one["interval"]) ? one["interval"] : [undefined, undefined];
  return (
    texts.every(isText) && isNumber(one["n"]) && [one["difference"], lower, upper].every(isMaybe)
  );
}

function insightOf({ kind, status, reason, a, b }: Loose): ChangedInsight[] {
  const title = b?.title ?? a?.title;
  if (!isText(kind) || !isText(status) || !isText(title)) return [];
  return [{ kind, status, title, reason: isText(reason) ? reason : null }];
}

function isAgreement(value: unknown): value is Agreement {
  return (
    isObject(value) &&
    isMaybe(value["cka"]) &&
    [value["k"], value["neighbor_overlap"], value["chance"]].every(isNumber)
  );
}
