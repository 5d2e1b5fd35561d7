import { PageError } from "./errors";
import { quoted } from "./heatmaps";
import { open, type Opening } from "./opening";
import type { Source } from "./source";

const ANALYSES = "latent/analysis";
const HEATMAPS = "latent/heatmaps";
const MANIFEST = "manifest.json";
const PAYLOAD = "explorer.bin";
const JSON_TYPE = { "Content-Type": "application/json" };

interface Listing {
  readonly files?: readonly { readonly path: string; readonly is_dir: boolean }[];
}

interface RunAnswer {
  readonly run: {
    readonly info: { readonly experiment_id: string };
    readonly data: { readonly tags?: readonly { key: string; value: string }[] };
  };
}

/** An MLflow server with this plugin; every address is relative to MLflow's own root. */
export class ServerSource implements Source {
  readonly kind = "server";
  readonly canWrite = true;
  private readonly root: URL;

  /**
   * @param root MLflow's root, relative to the page, e.g. `../..`.
   * @param runId run that the page is about; null where it is about none or several.
   */
  constructor(
    root: string,
    readonly runId: string | null,
  ) {
    this.root = new URL(root.endsWith("/") ? root : `${root}/`, location.href);
  }

  async explorer(runId?: string, epoch?: number): Promise<Opening> {
    const run = this.run(runId);
    const wanted = epoch ?? (await this.lastEpoch(run));
    const response = await this.get(this.files(`${folder(wanted)}/${PAYLOAD}`, run));
    if (response.status === 404) throw await this.absent(run, wanted);
    return open(chunksOf(await checked(response)));
  }

  async epochs(runId?: string): Promise<number[]> {
    const run = this.run(runId);
    const folders = (await this.list(ANALYSES, run)).filter((file) => file.is_dir);
    const complete = await Promise.all(
      folders.map(async ({ path }) => {
        const files = await this.list(path, run);
        return files.some((file) => file.path.endsWith(`/${MANIFEST}`));
      }),
    );
    const epochs = folders
      .filter((_, place) => complete[place])
      .map(({ path }) => Number(/epoch=(\d+)$/.exec(path)?.[1] ?? NaN));
    return epochs.filter((epoch) => !Number.isNaN(epoch)).sort((a, b) => a - b);
  }

  async sheet(path: string): Promise<ImageBitmap> {
    const response = await checked(await this.get(this.files(path, this.run())));
    return createImageBitmap(await response.blob());
  }

  async heatmaps(split: string, epoch: number | null, runId?: string): Promise<ArrayBuffer | null> {
    const path = `${HEATMAPS}/${epochName(epoch ?? 0)}/split=${quoted(split)}.bin`;
    const response = await this.get(this.files(path, this.run(runId)));
    return response.status === 404 ? null : (await checked(response)).arrayBuffer();
  }

  artifactUrl(path: string, runId?: string): string {
    return this.files(path, this.run(runId));
  }

  async artifactPage(path: string, runId?: string): Promise<string> {
    const run = this.run(runId);
    const { info } = (await this.mlflow<RunAnswer>(`runs/get?run_id=${encodeURIComponent(run)}`)).run;
    const place = `experiments/${encodeURIComponent(info.experiment_id)}/runs/${encodeURIComponent(run)}`;
    return new URL(`#/${place}/artifacts/${path}`, this.root).href;
  }

  async artifactJson<T>(path: string, runId?: string): Promise<T | null> {
    const response = await this.get(this.files(path, this.run(runId)));
    return response.status === 404 ? null : (await checked(response)).json();
  }

  async tags(runId?: string): Promise<Record<string, string>> {
    const answer = await this.mlflow<RunAnswer>(
      `runs/get?run_id=${encodeURIComponent(this.run(runId))}`,
    );
    const tags = answer.run.data.tags ?? [];
    return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
  }

  async setTag(key: string, value: string, runId?: string): Promise<void> {
    const body = JSON.stringify({ run_id: this.run(runId), key, value });
    await this.mlflow("runs/set-tag", { method: "POST", headers: JSON_TYPE, body });
  }

  pageUrl(page: string): string {
    return new URL(`latent/${page}`, this.root).href;
  }

  async mlflow<T>(path: string, init?: RequestInit): Promise<T> {
    const address = new URL(`ajax-api/2.0/mlflow/${path}`, this.root).href;
    return (await checked(await this.get(address, init))).json();
  }

  private run(runId?: string): string {
    const run = runId ?? this.runId;
    if (!run) throw new PageError("No run is named.", "Choose one from the list of runs.");
    return run;
  }

  private files(path: string, run: string): string {
    const parts = path.split("/").map(encodeURIComponent).join("/").replaceAll("%3D", "=");
    return new URL(`latent/files/${encodeURIComponent(run)}/${parts}`, this.root).href;
  }

  /** Why the analysis of an epoch is not there. */
  private async absent(run: string, epoch: number): Promise<PageError> {
    const epochs = await this.epochs(run);
    if (epochs.includes(epoch))
      return new PageError(
        `The analysis of epoch ${epoch} has no ${PAYLOAD}.`,
        `An older version wrote it, or the file was deleted. Analyze again: mlflow-latent analyze ${run}`,
      );
    return new PageError(
      Number.isInteger(epoch) ? `Epoch ${epoch} is not analyzed.` : "The address names no epoch.",
      epochs.length
        ? `Analyzed are: ${epochs.join(", ")}. Leave ?epoch=… out of the address to see the last one.`
        : `No epoch of this run is: mlflow-latent analyze ${run}`,
    );
  }

  private async lastEpoch(run: string): Promise<number> {
    const epochs = await this.epochs(run);
    if (epochs.length) return epochs.at(-1)!;
    const captured = await this.list("latent/captures", run);
    throw captured.length
      ? new PageError(
          "This run has captures but no complete analysis.",
          `Analyze it: mlflow-latent analyze ${run}. If that is running now, reload when it is done.`,
        )
      : new PageError(
          "This run has no captures.",
          "Train with the LatentCapture callback; mlflow-latent check SCRIPT says whether a script has it.",
        );
  }

  private async list(path: string, run: string) {
    const query = `run_id=${encodeURIComponent(run)}&path=${encodeURIComponent(path)}`;
    return (await this.mlflow<Listing>(`artifacts/list?${query}`)).files ?? [];
  }

  private async get(address: string, init?: RequestInit): Promise<Response> {
    try {
      return await fetch(address, { credentials: "same-origin", ...init });
    } catch {
      throw new PageError(
        "The MLflow server does not answer.",
        "Check that it is running and that this computer can reach it, then reload.",
      );
    }
  }
}

function folder(epoch: number): string {
  return `${ANALYSES}/${epochName(epoch)}`;
}

const epochName = (epoch: number): string => `epoch=${String(epoch).padStart(5, "0")}`;

async function* chunksOf(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body!.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } catch {
    throw new PageError("The connection broke while the analysis was read.", "Reload the page.");
  }
}

async function checked(response: Response): Promise<Response> {
  if (response.ok) return response;
  const { status } = response;
  if (status === 401) throw new PageError("You are not signed in.", "Sign in to MLflow, then reload.");
  if (status === 403)
    throw new PageError(
      "You may not see this run.",
      "Ask whoever manages this MLflow server for permission to read its experiment.",
    );
  if (status === 404)
    throw new PageError("MLflow does not know this run or file.", "Check the address, or choose the run from the list.");
  const text = (await response.text()).slice(0, 300);
  throw new PageError(`The server answered ${status}.`, text || "Look at the server's log.");
}
