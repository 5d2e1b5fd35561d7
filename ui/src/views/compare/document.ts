/** What `ml.compare` found of two runs, where it was logged: `latent/comparisons/<other run>/comparison.json`. */
import type { Source } from "../../data/source";

/** An insight that appeared, was resolved, or persisted from one run to the other. */
export interface ChangedInsight {
  readonly kind: string;
  readonly status: string;
  readonly title: string;
}

/** The parts of the document that the page shows. */
export interface ComparisonDocument {
  /** run that it lies with: the page of it is there. */
  readonly runId: string;
  readonly folder: string;
  /** name of the run that the other is compared with, i.e. "before". */
  readonly before: string;
  /** its id; null if unknown. */
  readonly beforeId: string | null;
  readonly insights: readonly ChangedInsight[];
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

/** An artifact is whoever's: what is not as expected is left out. */
export function parsed(value: unknown, runId: string, folder: string): ComparisonDocument | null {
  const document = value as Record<string, any>;
  const before = document?.["a"]?.name;
  if (typeof before !== "string" || !Array.isArray(document["insights"])) return null;
  const insights = document["insights"].flatMap((one: any) => {
    const title = one?.b?.title ?? one?.a?.title;
    const isWhole = [one?.kind, one?.status, title].every((text) => typeof text === "string");
    return isWhole ? [{ kind: one.kind, status: one.status, title }] : [];
  });
  const refused = (Array.isArray(document["refused"]) ? document["refused"] : []).filter(
    (one: any) => typeof one?.name === "string" && typeof one?.reason === "string",
  );
  const id = document["a"].run_id;
  const beforeId = typeof id === "string" ? id : null;
  return { runId, folder, before, beforeId, insights, refused };
}
