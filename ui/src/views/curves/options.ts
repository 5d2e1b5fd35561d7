import type { Signal } from "@preact/signals";

/** How numbers are binned. */
export type Shown = "quantile" | "equal_width";

/** How the curves are looked at; kept while the page is open. */
export interface Options {
  measure: Signal<string | null>;
  binning: Signal<Shown>;
  ofSelection: Signal<boolean>;
  query: Signal<string>;
}
