import type { Stage } from "../scatter/stage";
import type { Session } from "../state/session";

declare global {
  interface Window {
    /** The page's insides, for the tests and benchmarks that drive it in a browser. */
    latent?: { session?: Session; stage?: Stage };
  }
}

/** Moments of a page's life, measured from when its address was opened. */
export type Moment = "start" | "data" | "first" | "complete";

let complete = () => {};

/** Fulfilled when the map has been drawn whole for the first time. */
export const whenComplete = new Promise<void>((fulfil) => (complete = fulfil));

/** Mark the first time that a moment comes, as `latent:<moment>` among `performance` marks. */
export function mark(moment: Moment): void {
  const name = `latent:${moment}`;
  if (performance.getEntriesByName(name).length) return;
  performance.mark(name);
  if (moment === "complete") complete();
}

/** Let tests and benchmarks reach the session and the stage. */
export function expose(part: NonNullable<Window["latent"]>): void {
  window.latent = { ...window.latent, ...part };
}
