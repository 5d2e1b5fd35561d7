import { DATA_ELEMENT, FileSource } from "./file_source";
import { ServerSource } from "./server_source";
import type { Source } from "./source";

/** What the address asks for. */
export type Route =
  | { readonly page: "run"; readonly epoch: number | undefined }
  | { readonly page: "runs" }
  | { readonly page: "compare"; readonly runs: readonly string[] };

/** The page that an address of the server means; in a file it is always the run. */
export function routeOf(path: string, search: string): Route {
  const query = new URLSearchParams(search);
  if (/\/latent\/compare\/?$/.test(path)) return { page: "compare", runs: query.getAll("run") };
  if (runOf(path)) {
    const epoch = query.get("epoch");
    return { page: "run", epoch: epoch === null || epoch === "" ? undefined : Number(epoch) };
  }
  return { page: "runs" };
}

/** The source of this page and what to show. */
export function openPage(): { source: Source; route: Route } {
  const data = document.getElementById(DATA_ELEMENT);
  if (data) return { source: new FileSource(data), route: { page: "run", epoch: undefined } };
  const root = document.querySelector<HTMLMetaElement>('meta[name="latent-root"]')?.content ?? "..";
  const source = new ServerSource(root, runOf(location.pathname));
  return { source, route: routeOf(location.pathname, location.search) };
}

function runOf(path: string): string | null {
  const run = /\/latent\/run\/([^/]+)\/?$/.exec(path)?.[1];
  return run === undefined ? null : decodeURIComponent(run);
}
