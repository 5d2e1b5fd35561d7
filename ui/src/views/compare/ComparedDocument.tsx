import { useEffect, useState } from "preact/hooks";
import { useSource } from "../../shell/source";
import { plain, shorten } from "../../parts/text";
import { readComparison, type ComparisonDocument } from "./document";
import type { Comparison, Pair } from "./runs";

const STATUSES = ["appeared", "resolved", "persisted", "untested"] as const;
const TITLE_LENGTH = 200;

/** What `ml.compare` found of the pair, where it was logged; nothing where it was not. */
export function ComparedDocument({ comparison, pair }: { comparison: Comparison; pair: Pair }) {
  const source = useSource();
  const [first, second] = [comparison.runs[0]!.runId, comparison.runs[pair.second]!.runId];
  const [found, setFound] = useState<ComparisonDocument | null>(null);
  useEffect(() => {
    let current = true;
    setFound(null);
    void readComparison(source, first, second).then((document) => current && setFound(document));
    return () => void (current = false);
  }, [source, first, second]);
  if (!found) return null;
  const before = comparison.runs.find((run) => run.runId === found.beforeId);
  const page = source.artifactUrl(`${found.folder}/comparison.html`, found.runId);
  return (
    <section aria-label="Insights of both runs">
      <div class="part-head">
        <h3>{`Insights since ${before ? `${before.letter}, ` : ""}${shorten(found.before, 40)}`}</h3>
        {page && <a href={page}>whole comparison</a>}
      </div>
      {STATUSES.map((status) => (
        <Changed key={status} status={status} found={found} />
      ))}
      {found.refused.map(({ name, reason }) => (
        <p
          key={name}
          class="note"
        >{`${plain(name)} is not compared: ${shorten(reason, TITLE_LENGTH)}`}</p>
      ))}
    </section>
  );
}

function Changed({ status, found }: { status: string; found: ComparisonDocument }) {
  const own = found.insights.filter((insight) => insight.status === status);
  if (!own.length) return null;
  return (
    <details open={status === "appeared" || status === "resolved"} class="changed">
      <summary>{`${own.length} ${status}`}</summary>
      <ul>
        {own.map(({ kind, title }, place) => (
          <li key={place}>
            {shorten(title, TITLE_LENGTH)} <small>{plain(kind)}</small>
          </li>
        ))}
      </ul>
    </details>
  );
}
