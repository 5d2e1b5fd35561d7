import { PageError } from "./errors";
import type { Source } from "./source";

/** Ids of the elements that hold the data and the saved view in a self-contained page. */
export const DATA_ELEMENT = "latent-explorer";
export const STATE_ELEMENT = "latent-state";
/** ... and of those that hold a split's heat-maps, before the split's name. */
const HEATMAPS_ELEMENT = "latent-heatmaps-";

const IN_A_FILE = "This page is a file, apart from any server.";

/** The page itself as a source: base64 of gzipped `explorer.bin` in one of its elements. */
export class FileSource implements Source {
  readonly kind = "file";
  readonly runId = null;
  readonly canWrite = false;

  constructor(private readonly element: HTMLElement) {}

  async explorer(): Promise<ArrayBuffer> {
    try {
      return await inflated(bytesOf(this.element.textContent ?? ""));
    } catch {
      throw new PageError("The data in this file is damaged.", "Export it again: mlflow-latent export RUN FILE.html.");
    }
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
    return element && inflated(bytesOf(element.textContent ?? ""));
  }

  artifactUrl(): null {
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

async function inflated(bytes: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  const gzip = new DecompressionStream("gzip");
  // Written straight into it: a Blob's stream would take the bytes through another process.
  const writer = gzip.writable.getWriter();
  const written = writer.write(bytes).then(() => writer.close());
  const [inflated] = await Promise.all([new Response(gzip.readable).arrayBuffer(), written]);
  return inflated;
}
