import type { Opening } from "./opening";

/** Where the page gets things: a server, or the file that the page itself is. */
export interface Source {
  readonly kind: "server" | "file";
  /** Run that the page is about; null where the data says it itself. */
  readonly runId: string | null;
  /**
   * `explorer.bin`, opened as soon as what is drawn first is here.
   *
   * @param epoch of the analysis; the last complete one by default.
   * @throws PageError with what mends it.
   */
  explorer(runId?: string, epoch?: number): Promise<Opening>;
  /** Epochs that have a complete analysis, ascending. */
  epochs(runId?: string): Promise<number[]>;
  /** A sheet of thumbnails, by the path that the header names. */
  sheet(path: string): Promise<ImageBitmap>;
  /**
   * The file of a split's heat-maps; null where there is none.
   *
   * @param epoch that was analyzed; null if unknown.
   */
  heatmaps(split: string, epoch: number | null, runId?: string): Promise<ArrayBuffer | null>;
  /** Address of an artifact, e.g. for an image; null where there is none (in a file). */
  artifactUrl(path: string, runId?: string): string | null;
  /** Address of an artifact in MLflow's own artifact view; null in a file. */
  artifactPage(path: string, runId?: string): Promise<string | null>;
  /** An artifact as JSON; null where it does not exist or cannot be reached. */
  artifactJson<T>(path: string, runId?: string): Promise<T | null>;
  /** Tags of the run; empty in a file. */
  tags(runId?: string): Promise<Readonly<Record<string, string>>>;
  /** Whether `setTag` can work here; false in a file. */
  readonly canWrite: boolean;
  /**
   * Set a tag of the run, under MLflow's own permissions.
   *
   * @throws PageError if MLflow refuses, or the page is a file.
   */
  setTag(key: string, value: string, runId?: string): Promise<void>;
  /** Address of another page, e.g. `compare?run=a&run=b`; null in a file. */
  pageUrl(page: string): string | null;
  /** MLflow's own REST API, `path` after `ajax-api/2.0/mlflow/`. */
  mlflow<T>(path: string, init?: RequestInit): Promise<T>;
}
