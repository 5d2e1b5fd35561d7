import { PageError } from "./errors";
import { open, type Opening } from "./opening";
import type { Source } from "./source";

/** Ids of the elements that hold the data and the saved view in a self-contained page. */
export const DATA_ELEMENT = "latent-explorer";
export const STATE_ELEMENT = "latent-state";
/** ... and of what the first view does not need: it stands behind the page's script. */
const REST_ELEMENT = "latent-explorer-rest";
/** ... and of those that hold a split's heat-maps, before the split's name. */
const HEATMAPS_ELEMENT = "latent-heatmaps-";

const IN_A_FILE = "This page is a file, apart from any server.";

/** The page itself as a source: base64 of gzipped `explorer.bin` in one of its elements. */
export class FileSource implements Source {
  readonly kind = "file";
  readonly runId = null;
  readonly canWrite = false;

  constructor(private readonly element: HTMLElement) {}

  explorer(): Promise<Opening> {
    return open(this.chunks());
  }

  private async *chunks(): AsyncGenerator<Uint8Array> {
    yield await contentOf(this.element);
    await parsed();
    const rest = document.getElementById(REST_ELEMENT);
    if (rest) yield await contentOf(rest);
  }

  async epochs(): Promise<number[]> {
    return [];
  }

  async sheet(path: string): Promise<ImageBitmap> {
    const comma = path.indexOf(",");
    const type = path.slice("data:".length, path.indexOf(";"));
    return createImageBitmap(new Blob([bytesOf(path.slice(comma + 1))], { type }));
  }

  async heatmaps(split: string): Promise<ArrayBuffer | null> {
    const element = document.getElementById(HEATMAPS_ELEMENT + split);
    return element && (await contentOf(element)).buffer;
  }

  artifactUrl(): null {
    return null;
  }

  async artifactPage(): Promise<null> {
    return null;
  }

  async artifactJson(): Promise<null> {
    return null;
  }

  async tags(): Promise<Record<string, string>> {
    return {};
  }

  async setTag(): Promise<void> {
    throw new PageError(IN_A_FILE, "Open the run on its MLflow server to keep reviews and sets.");
  }

  pageUrl(): null {
    return null;
  }

  async mlflow<T>(): Promise<T> {
    throw new PageError(IN_A_FILE, "Open the run on its MLflow server.");
  }
}

/** What an element holds, inflated. */
async function contentOf(element: HTMLElement): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await inflated(bytesOf(element.textContent ?? ""));
  } catch {
    throw new PageError("The data in this file is damaged.", "Export it again: mlflow-latent export RUN FILE.html.");
  }
}

/** Fulfilled when the page has been read to its end. */
function parsed(): Promise<void> {
  if (document.readyState !== "loading") return Promise.resolve();
  return new Promise((fulfil) => document.addEventListener("DOMContentLoaded", () => fulfil(), { once: true }));
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const type = Uint8Array as typeof Uint8Array & {
    fromBase64?: (text: string) => Uint8Array<ArrayBuffer>;
  };
  if (type.fromBase64) return type.fromBase64(base64.trim());
  const binary = atob(base64.trim());
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

async function inflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const gzip = new DecompressionStream("gzip");
  // Written straight into it: a Blob's stream would take the bytes through another process.
  const writer = gzip.writable.getWriter();
  const written = writer.write(bytes).then(() => writer.close());
  const [inflated] = await Promise.all([new Response(gzip.readable).arrayBuffer(), written]);
  return new Uint8Array(inflated);
}
