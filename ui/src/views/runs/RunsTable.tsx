import { useState } from "preact/hooks";
import { MISSING, number, percent, whole } from "../../parts/format";
import { useSource } from "../../shell/source";
import { kindsText, type ListedRun, type RunOrder, type SortKey } from "./model";

/** Rows drawn at once; more on demand. */
const ROWS = 200;
const DATE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

const COLUMNS: readonly { key: SortKey; label: string; numeric: boolean }[] = [
  { key: "name", label: "Run", numeric: false },
  { key: "experiment", label: "Experiment", numeric: false },
  { key: "started", label: "Started", numeric: false },
  { key: "samples", label: "Samples", numeric: true },
  { key: "loss", label: "Loss", numeric: true },
  { key: "accuracy", label: "Accuracy", numeric: true },
  { key: "insights", label: "Insights", numeric: false },
];

interface Props {
  readonly runs: readonly ListedRun[];
  readonly order: RunOrder;
  readonly onOrder: (order: RunOrder) => void;
  readonly chosen: ReadonlySet<string>;
  /** How many may be chosen. */
  readonly most: number;
  readonly onToggle: (id: string) => void;
}

/** The runs, a row each. */
export function RunsTable(props: Props) {
  const [shown, setShown] = useState(ROWS);
  const { runs, chosen } = props;
  return (
    <div class="runs-scroll" tabIndex={0} role="region" aria-label="Runs">
      <table class="runs-table">
        <thead>
          <tr>
            <th class="runs-check">
              <span class="hidden-text">Compare</span>
            </th>
            {COLUMNS.map((column) => (
              <Heading
                key={column.key}
                sortKey={column.key}
                label={column.label}
                numeric={column.numeric}
                order={props.order}
                onOrder={props.onOrder}
              />
            ))}
            <th class="runs-link">
              <span class="hidden-text">In MLflow</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.slice(0, shown).map((run) => (
            <Row
              key={run.id}
              run={run}
              chosen={chosen.has(run.id)}
              full={chosen.size >= props.most}
              onToggle={() => props.onToggle(run.id)}
            />
          ))}
        </tbody>
      </table>
      {runs.length > shown && (
        <button class="button runs-more" onClick={() => setShown(shown + ROWS)}>
          Show {whole(Math.min(ROWS, runs.length - shown))} more
        </button>
      )}
    </div>
  );
}

function Heading(props: {
  sortKey: SortKey;
  label: string;
  numeric: boolean;
  order: RunOrder;
  onOrder: (order: RunOrder) => void;
}) {
  const { sortKey, order } = props;
  const active = order.key === sortKey;
  const sorted = !active ? "none" : order.descending ? "descending" : "ascending";
  // Words begin at A, numbers and dates at what there is most of.
  const first = sortKey !== "name" && sortKey !== "experiment";
  return (
    <th aria-sort={sorted} class={`runs-${sortKey === "experiment" ? "experiment-name" : sortKey}${props.numeric ? " runs-number" : ""}`}>
      <button
        class="runs-sort"
        onClick={() => props.onOrder({ key: sortKey, descending: active ? !order.descending : first })}
      >
        {props.label}
        {active && <span aria-hidden="true">{order.descending ? "↓" : "↑"}</span>}
      </button>
    </th>
  );
}

function Row(props: { run: ListedRun; chosen: boolean; full: boolean; onToggle: () => void }) {
  const { run, chosen } = props;
  const source = useSource();
  const experiment = encodeURIComponent(run.experimentId);
  const mlflow = `../#/experiments/${experiment}/runs/${encodeURIComponent(run.id)}?workflowType=machine_learning`;
  return (
    <tr class={chosen ? "runs-chosen" : undefined}>
      <td class="runs-check">
        <input
          type="checkbox"
          aria-label={`Compare ${run.name}`}
          checked={chosen}
          disabled={!run.analyzed || (props.full && !chosen)}
          title={run.analyzed ? undefined : "Only analyzed runs can be compared"}
          onChange={props.onToggle}
        />
      </td>
      <td class="runs-name">
        <a class="clip" href={source.pageUrl(`run/${encodeURIComponent(run.id)}`) ?? undefined} title={run.name}>
          {run.name}
        </a>
        <RunFacts run={run} />
      </td>
      <td class="runs-experiment-name">
        <span class="clip" title={run.experiment}>
          {run.experiment}
        </span>
      </td>
      <td class="runs-date">{run.started === null ? MISSING : DATE.format(run.started)}</td>
      <td class="runs-samples runs-number">{run.samples === null ? MISSING : whole(run.samples)}</td>
      <td class="runs-loss runs-number" title={run.split ? `mean loss of ${run.split}` : undefined}>
        {run.loss === null ? MISSING : number(run.loss)}
        {run.split && run.split !== "val" && <span class="runs-split"> {run.split}</span>}
      </td>
      <td class="runs-accuracy runs-number">{run.accuracy === null ? MISSING : percent(run.accuracy)}</td>
      <td class="runs-insights">
        <strong>{run.insights === null ? MISSING : whole(run.insights)}</strong>
        <span class="clip" title={kindsText(run)}>
          {kindsText(run)}
        </span>
      </td>
      <td>
        <a class="runs-mlflow" href={source.pageUrl(mlflow) ?? undefined} aria-label={`${run.name} in MLflow`}>
          MLflow
        </a>
      </td>
    </tr>
  );
}

function RunFacts({ run }: { run: ListedRun }) {
  if (!run.analyzed)
    return (
      <span class="note clip" title={`mlflow-latent analyze ${run.id}`}>
        {run.status === "RUNNING" ? "training; " : ""}captures, not analyzed yet
      </span>
    );
  return <span class="note">{run.epoch === null ? "" : `epoch ${run.epoch}`}</span>;
}
