import { useEffect, useMemo, useState } from "preact/hooks";
import { asPageError, type PageError } from "../../data/errors";
import { count } from "../../parts/format";
import { chooseTheme, theme } from "../../parts/theme";
import { Problem } from "../../shell/Problem";
import { useSource } from "../../shell/source";
import { BarButton } from "../../shell/TopBar";
import { loadRuns } from "./load";
import { arranged, NEWEST_FIRST, type ListedRun, type RunOrder } from "./model";
import { RunsTable } from "./RunsTable";
import "./runs.css";

/** Runs that can be shown side by side. */
const FEWEST = 2;
const MOST = 4;

/** The page `latent/`: runs that have captures or analyses. */
export function RunsPage() {
  const source = useSource();
  const [runs, setRuns] = useState<ListedRun[] | null>(null);
  const [problem, setProblem] = useState<PageError | null>(null);
  useEffect(() => {
    document.title = "Runs · Latent";
    loadRuns(source).then(setRuns, (error: unknown) => setProblem(asPageError(error)));
  }, [source]);
  if (problem) return <Problem problem={problem} />;
  return (
    <div class="shell">
      <RunsBar />
      <main class="runs">
        {runs === null && <p class="boot">Loading the runs…</p>}
        {runs?.length === 0 && <NoRuns />}
        {runs !== null && runs.length > 0 && <Runs runs={runs} />}
      </main>
    </div>
  );
}

function RunsBar() {
  const mlflow = useSource().pageUrl("../");
  const other = theme.value === "dark" ? "light" : "dark";
  return (
    <header class="top-bar">
      <h1 class="run-title">
        <span class="product">Latent</span> Runs
      </h1>
      <span class="spring" />
      {mlflow && (
        <a class="runs-mlflow" href={mlflow}>
          MLflow
        </a>
      )}
      <BarButton
        icon={other === "light" ? "sun" : "moon"}
        label={other === "light" ? "Light theme" : "Dark theme"}
        onClick={() => chooseTheme(other)}
      />
    </header>
  );
}

function Runs({ runs }: { runs: ListedRun[] }) {
  const [search, setSearch] = useState("");
  const [experiment, setExperiment] = useState<string | null>(null);
  const [order, setOrder] = useState<RunOrder>(NEWEST_FIRST);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const shown = useMemo(
    () => arranged(runs, search, experiment, order),
    [runs, search, experiment, order],
  );
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  return (
    <>
      <div class="runs-tools">
        <input
          type="search"
          class="runs-search"
          aria-label="Search runs"
          placeholder="Search by name, experiment, insight or id"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
        <ExperimentChoice runs={runs} value={experiment} onChange={setExperiment} />
        <span class="note" role="status">
          {shown.length === runs.length ? count(runs.length, "run") : `${shown.length} of ${count(runs.length, "run")}`}
        </span>
        <span class="spring" />
        <CompareButton chosen={[...chosen]} onClear={() => setChosen(new Set())} />
      </div>
      {shown.length ? (
        <RunsTable runs={shown} order={order} onOrder={setOrder} chosen={chosen} most={MOST} onToggle={toggle} />
      ) : (
        <p class="empty runs-empty">
          No run matches.{" "}
          <button class="quiet" onClick={() => (setSearch(""), setExperiment(null))}>
            Show all
          </button>
        </p>
      )}
    </>
  );
}

function ExperimentChoice(props: {
  runs: readonly ListedRun[];
  value: string | null;
  onChange: (id: string | null) => void;
}) {
  const experiments = new Map(props.runs.map((run) => [run.experimentId, run.experiment]));
  if (experiments.size < 2) return null;
  return (
    <select
      class="select runs-experiment"
      aria-label="Experiment"
      value={props.value ?? ""}
      onChange={(event) => props.onChange(event.currentTarget.value || null)}
    >
      <option value="">All experiments</option>
      {[...experiments].map(([id, name]) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  );
}

/** A link when it leads somewhere, else what is missing. */
function CompareButton({ chosen, onClear }: { chosen: readonly string[]; onClear: () => void }) {
  const source = useSource();
  const query = chosen.map((id) => `run=${encodeURIComponent(id)}`).join("&");
  const enough = chosen.length >= FEWEST && chosen.length <= MOST;
  return (
    <>
      {chosen.length > 0 && (
        <button class="quiet" onClick={onClear}>
          Clear
        </button>
      )}
      {enough ? (
        <a class="button runs-compare" href={source.pageUrl(`compare?${query}`) ?? undefined}>
          Compare {chosen.length} runs
        </a>
      ) : (
        <span class="note">
          {chosen.length === 0 ? `Tick ${FEWEST} to ${MOST} runs to compare them` : "Tick another run to compare"}
        </span>
      )}
    </>
  );
}

function NoRuns() {
  return (
    <div class="runs-none">
      <h2>No run has captures yet</h2>
      <p>
        Add the callback <code>LatentCapture</code> to a Trainer that logs to this server, and train;
        or analyze a run that has captures with <code>mlflow-latent analyze RUN</code>.
      </p>
      <p>Only runs of experiments that you may read are listed.</p>
    </div>
  );
}
