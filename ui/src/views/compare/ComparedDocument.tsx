import { useEffect, useState } from "preact/hooks";
import { CopyButton } from "../../parts/CopyButton";
import { count, number, percent, whole } from "../../parts/format";
import { plain, shorten } from "../../parts/text";
import { useSource } from "../../shell/source";
import { ChangeTable, Changed as Verdict } from "./ChangeTable";
import { readComparison, type ComparisonDocument } from "./document";
import type { Comparison, Pair } from "./runs";

const STATUSES = ["appeared", "resolved", "persisted", "untested"] as const;
const TITLE_LENGTH = 200;

/** What `ml.compare` found of the pair, where it was logged; what to run where it was not. */
export function ComparedDocument({ comparison, pair }: { comparison: Comparison; pair: Pair }) {
  const [first, second] = [comparison.runs[0]!, comparison.runs[pair.second]!];
  const found = useDocument(first.runId, second.runId);
  if (found === undefined) return null;
  if (found === null) return <HowToCompare runIds={[first.runId, second.runId]} />;
  const [before, after] = found.beforeId === second.runId ? [second, first] : [first, second];
  const letters = [before.letter, after.letter] as const;
  return (
    <section class="compared" aria-label="Logged comparison">
      <div class="part-head">
        <h3>{`Logged comparison: from ${before.letter} to ${after.letter}`}</h3>
        <WholePage found={found} />
      </div>
      <p class="note">{`${count(Object.values(found.shared).reduce((sum, n) => sum + n, 0))} in both runs, whatever is selected here. A change is ${after.letter} − ${before.letter}.`}</p>
      <Overall found={found} letters={letters} />
      <ChangeTable found={found} letters={letters} />
      <Spaces found={found} />
      <h4>Insights</h4>
      {STATUSES.map((status) => (
        <ChangedInsights key={status} status={status} found={found} letters={letters} />
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

/** The document of two runs; null where there is none, undefined while that is not known. */
function useDocument(first: string, second: string): ComparisonDocument | null | undefined {
  const source = useSource();
  const [found, setFound] = useState<ComparisonDocument | null>();
  useEffect(() => {
    let current = true;
    setFound(undefined);
    void readComparison(source, first, second).then((document) => current && setFound(document));
    return () => void (current = false);
  }, [source, first, second]);
  return found;
}

function HowToCompare({ runIds }: { runIds: readonly [string, string] }) {
  const command = `mlflow-latent compare ${runIds.join(" ")}`;
  return (
    <section class="compared" aria-label="Logged comparison">
      <h3>Not compared by the analyzer</h3>
      <p class="note">
        The rest of this page is worked out here, from losses and answers. Which insights appeared
        or were resolved, changes by region, and how alike the latent spaces are, says
      </p>
      <pre tabIndex={0} aria-label="Command">
        {command}
      </pre>
      <CopyButton text={command} what="the command" label="Copy the command" />
    </section>
  );
}

/** The comparison's own page, in MLflow's artifact view: it is a file, and opens there in a sandbox. */
function WholePage({ found: { folder, runId } }: { found: ComparisonDocument }) {
  const source = useSource();
  const [address, setAddress] = useState<string | null>(null);
  useEffect(() => {
    source
      .artifactPage(`${folder}/comparison.html`, runId)
      .then(setAddress, () => setAddress(null));
  }, [source, folder, runId]);
  return address ? <a href={address}>whole comparison</a> : null;
}

type Letters = readonly [string, string];

/** The measures over all shared samples, split by split. */
function Overall({
  found,
  letters: [before, after],
}: {
  found: ComparisonDocument;
  letters: Letters;
}) {
  const rows = found.changes.filter(({ grouping }) => grouping === "overall");
  const sorted = rows.toSorted(
    (a, b) =>
      Number(b.split === found.testedSplit) - Number(a.split === found.testedSplit) ||
      found.measures.indexOf(a.measure) - found.measures.indexOf(b.measure),
  );
  if (!sorted.length) return null;
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Change over all samples">
      <table>
        <thead>
          <tr>
            <th scope="col">measure</th>
            <th scope="col">split</th>
            <th scope="col">n</th>
            <th scope="col">{`${before} → ${after}`}</th>
            <th scope="col">change</th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((change) => (
            <tr key={`${change.measure} ${change.split}`}>
              <th scope="row">{plain(change.measure)}</th>
              <td>{change.split}</td>
              <td>{whole(change.n)}</td>
              <td>{`${number(change.mean_a)} → ${number(change.mean_b)}`}</td>
              <td>
                <Verdict change={change} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** How alike the latent spaces are, in a sentence. */
function Spaces({ found: { agreement } }: { found: ComparisonDocument }) {
  if (!agreement) return null;
  const { cka, k, neighbor_overlap: overlap, chance } = agreement;
  const alike =
    cka === null
      ? ""
      : `CKA ${number(cka)} (1 is the same space up to rotation, 0 nothing in common); `;
  return (
    <>
      <h4>Latent spaces</h4>
      <p>{`${alike}of the ${k} nearest samples ${percent(overlap)} are the same in both, ${percent(chance)} by chance.`}</p>
    </>
  );
}

function ChangedInsights(props: { status: string; found: ComparisonDocument; letters: Letters }) {
  const {
    status,
    found,
    letters: [before, after],
  } = props;
  const own = found.insights.filter((insight) => insight.status === status);
  if (!own.length) return null;
  const where = { appeared: ` in ${after}`, resolved: ` since ${before}` }[status] ?? "";
  return (
    <details open={status === "appeared" || status === "resolved"} class="changed">
      <summary>{`${own.length} ${status}${where}`}</summary>
      <ul>
        {own.map(({ kind, title, reason }, place) => (
          <li key={place} title={reason ?? undefined}>
            {shorten(title, TITLE_LENGTH)} <small>{plain(kind)}</small>
          </li>
        ))}
      </ul>
    </details>
  );
}
