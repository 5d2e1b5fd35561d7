import { useEffect, useMemo, useState } from "preact/hooks";
import { Dataset } from "../../data/dataset";
import { asPageError, PageError } from "../../data/errors";
import { routeOf } from "../../data/open";
import { Icon } from "../../parts/Icon";
import { chooseTheme, theme } from "../../parts/theme";
import { Problem } from "../../shell/Problem";
import { useSource } from "../../shell/source";
import { SessionProvider, useView } from "../../state";
import { whole } from "../../parts/format";
import { Population } from "../population/Population";
import { ComparePanel } from "./ComparePanel";
import { Link } from "./link";
import { compareRuns, MOST_RUNS, type ComparedRun, type Comparison } from "./runs";
import "../samples/common.css";
import "../samples/samples.css";
import "../insights/insights.css";
import "./compare.css";

const TOO_FEW = new PageError(
  "A comparison takes two to four runs.",
  "Mark them in the list of runs and press Compare, or write their ids into the address: latent/compare?run=A&run=B.",
);

/** Page: two to four runs side by side, their samples matched by split and id. */
export function ComparePage() {
  const source = useSource();
  const runIds = useMemo(() => {
    const route = routeOf(location.pathname, location.search);
    return route.page === "compare" ? [...new Set(route.runs)] : [];
  }, []);
  const [comparison, setComparison] = useState<Comparison | null>(null);
  const [problem, setProblem] = useState<PageError | null>(runIds.length < 2 ? TOO_FEW : null);
  useEffect(() => {
    document.title = "Compare runs · Latent";
    if (runIds.length < 2) return;
    Promise.all(
      runIds
        .slice(0, MOST_RUNS)
        .map(async (runId) => ({ runId, dataset: await readRun(source, runId) })),
    )
      .then((read) => setComparison(compareRuns(read, source)))
      .catch((error: unknown) => setProblem(asPageError(error)));
  }, [source, runIds]);
  if (problem) return <Problem problem={problem} />;
  if (!comparison)
    return (
      <p class="boot" role="status">
        Loading the runs…
      </p>
    );
  return <Compared comparison={comparison} leftOut={Math.max(0, runIds.length - MOST_RUNS)} />;
}

/** A run's analysis; what is wrong with it names the run. */
async function readRun(source: ReturnType<typeof useSource>, runId: string): Promise<Dataset> {
  try {
    const { payload, whole } = await source.explorer(runId);
    await whole;
    return new Dataset(payload);
  } catch (error) {
    const { title, mend } = asPageError(error);
    throw new PageError(`Run ${runId}: ${title}`, mend);
  }
}

function Compared({ comparison, leftOut }: { comparison: Comparison; leftOut: number }) {
  const link = useMemo(
    () =>
      new Link(
        comparison.runs.map((run) => run.session),
        comparison.joined,
      ),
    [comparison],
  );
  useEffect(() => () => link.close(), [link]);
  return (
    <div class="shell compare">
      <CompareBar comparison={comparison} link={link} />
      {leftOut > 0 && (
        <p
          class="compare-warning"
          role="note"
        >{`The address names ${leftOut} more: at most ${MOST_RUNS} runs are shown.`}</p>
      )}
      <Warnings comparison={comparison} />
      <div class="shell-body">
        <main class="compare-maps" data-runs={comparison.runs.length}>
          {comparison.runs.map((run) => (
            <RunMap key={run.runId} run={run} />
          ))}
        </main>
        <ComparePanel comparison={comparison} link={link} />
      </div>
    </div>
  );
}

function CompareBar({ comparison, link }: { comparison: Comparison; link: Link }) {
  const source = useSource();
  const runs = source.pageUrl("");
  link.revision.value;
  const { joined } = comparison;
  const kept = useMemo(() => link.kept().length, [link, link.revision.value]);
  const isDark = theme.value === "dark";
  return (
    <header class="top-bar">
      <h1 class="run-title">
        {runs ? (
          <a class="product" href={runs}>
            Latent
          </a>
        ) : (
          <span class="product">Latent</span>
        )}
        <span>{`Compare ${comparison.runs.length} runs`}</span>
      </h1>
      <ColorChoice comparison={comparison} />
      <span class="spring" />
      <output class="kept">
        <strong>{whole(kept)}</strong>
        {` of ${whole(joined.size)} samples`}
      </output>
      <button
        type="button"
        class="icon-button"
        aria-label={isDark ? "Light theme" : "Dark theme"}
        onClick={() => chooseTheme(isDark ? "light" : "dark")}
      >
        <Icon name={isDark ? "sun" : "moon"} />
      </button>
    </header>
  );
}

/** Colors all maps by the same column: only those that every run has. */
function ColorChoice({ comparison }: { comparison: Comparison }) {
  const [first, ...others] = comparison.runs.map((run) => run.session);
  const common = first!.dataset.columns.filter(
    ({ name, kind }) =>
      kind !== "text" && others.every((session) => session.dataset.column(name)?.kind === kind),
  );
  const color = first!.state.value.color;
  const choose = (name: string): void => {
    for (const { session } of comparison.runs)
      session.update({ color: name || null }, { undoable: false });
  };
  return (
    <label class="field">
      <span class="field-label">Color</span>
      <select
        class="select"
        value={color ?? ""}
        onChange={(event) => choose(event.currentTarget.value)}
      >
        <option value="">One color</option>
        {common.map((column) => (
          <option key={column.name} value={column.name}>
            {column.label}
          </option>
        ))}
      </select>
    </label>
  );
}

/** What may not be compared, said before anything is. */
function Warnings({ comparison }: { comparison: Comparison }) {
  const against = comparison.pairs.filter((pair) => pair.comparability.reasons.length > 0);
  const none = comparison.joined.shared.length === 0;
  if (!against.length && !none) return null;
  return (
    <div class="compare-warning" role="note">
      {none && (
        <p>
          <b>No sample is in all of these runs.</b> Samples are matched by split and sample id:
          check that the runs name them alike.
        </p>
      )}
      {against.map((pair) => (
        <p key={pair.second}>
          <b>{`A and ${comparison.runs[pair.second]!.letter} have different label spaces; their losses are not on one scale.`}</b>
          {` ${pair.comparability.reasons.join(" ")} Compared instead: how hard each run finds a sample among the shared ones (rank of its loss, 0 to 1). Right and wrong are each by the run’s own classes. Mean losses and accuracies are not to be compared.`}
        </p>
      ))}
    </div>
  );
}

function RunMap({ run }: { run: ComparedRun }) {
  return (
    <SessionProvider session={run.session}>
      <div class="compare-map">
        <MapTitle run={run} />
        <Population name={`Run ${run.letter}: ${run.name}`} />
      </div>
    </SessionProvider>
  );
}

function MapTitle({ run }: { run: ComparedRun }) {
  const source = useSource();
  const address = source.pageUrl(`run/${encodeURIComponent(run.runId)}`);
  const { epoch, layer, projections } = run.dataset.header;
  const projection = useView((view) => view.projection);
  const method = projections[projection]?.method;
  const facts = [method, layer, epoch === null ? null : `epoch ${epoch}`]
    .filter(Boolean)
    .join(" · ");
  return (
    <h2>
      <span class="letter">{run.letter}</span>
      {address ? (
        <a class="clip" href={address}>
          {run.name}
        </a>
      ) : (
        <span class="clip">{run.name}</span>
      )}
      <small class="clip">{facts}</small>
    </h2>
  );
}
