import type { Source } from "../../data/source";
import { ANALYZED_METRIC, CAPTURES_TAG, listed, type ListedRun, type RunAnswer } from "./model";

/** Runs asked for at once; MLflow takes up to 50,000. */
const PAGE = 1000;
/** Newest runs of each sort that are listed: more are found by their address or in MLflow. */
export const MOST = 5000;
/** MLflow's own limit of experiments in an answer. */
const MOST_EXPERIMENTS = 1000;
const SEARCHES = [`metrics.\`${ANALYZED_METRIC}\` >= 0`, `tags.\`${CAPTURES_TAG}\` != ''`];

interface Experiment {
  readonly experiment_id: string;
  readonly name: string;
}

interface Pages {
  readonly next_page_token?: string;
}

/** All runs that hold something of ours and that the reader may see. */
export async function loadRuns(source: Source): Promise<ListedRun[]> {
  const experiments = await loadExperiments(source);
  if (!experiments.size) return [];
  const found = await Promise.all(
    SEARCHES.map((filter) => search(source, [...experiments.keys()], filter)),
  );
  const runs = new Map(found.flat().map((run) => [run.info.run_id, run]));
  return [...runs.values()].map((run) => listed(run, experiments));
}

async function loadExperiments(source: Source): Promise<Map<string, string>> {
  const experiments = new Map<string, string>();
  let token: string | undefined;
  do {
    const body = { max_results: MOST_EXPERIMENTS, page_token: token };
    const page = await post<Pages & { experiments?: Experiment[] }>(source, "experiments/search", body);
    for (const one of page.experiments ?? []) experiments.set(one.experiment_id, one.name);
    token = page.next_page_token;
  } while (token);
  return experiments;
}

async function search(source: Source, ids: string[], filter: string): Promise<RunAnswer[]> {
  const runs: RunAnswer[] = [];
  let token: string | undefined;
  do {
    const page = await post<Pages & { runs?: RunAnswer[] }>(source, "runs/search", {
      experiment_ids: ids,
      filter,
      max_results: PAGE,
      order_by: ["attributes.start_time DESC"],
      page_token: token,
    });
    runs.push(...(page.runs ?? []));
    token = page.next_page_token;
  } while (token && runs.length < MOST);
  return runs;
}

function post<T>(source: Source, path: string, body: object): Promise<T> {
  const headers = { "Content-Type": "application/json" };
  return source.mlflow<T>(path, { method: "POST", headers, body: JSON.stringify(body) });
}
