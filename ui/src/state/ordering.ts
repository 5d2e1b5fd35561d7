import type { Crossfilter } from "../crossfilter/crossfilter";
import { ascending } from "../crossfilter/sorting";
import type { Dataset } from "../data/dataset";
import type { ViewState } from "./view";

/** The rows that pass, in any order. */
export class Ordering {
  private readonly orders = new Map<string, Uint32Array>();

  constructor(
    private readonly dataset: Dataset,
    private readonly crossfilter: Crossfilter,
  ) {}

  /** All rows in ascending order of a column, missing values last; made once. */
  order(name: string): Uint32Array {
    let order = this.orders.get(name);
    if (!order) {
      const column = this.dataset.column(name);
      order = column
        ? ascending(column, this.dataset.n)
        : Uint32Array.from({ length: this.dataset.n }, (_, row) => row);
      this.orders.set(name, order);
    }
    return order;
  }

  /** The rows that pass all filters; missing values are last, whichever way the others go. */
  passing(sort: ViewState["sort"]): Uint32Array {
    const rows = new Uint32Array(this.crossfilter.count);
    const { fails } = this.crossfilter;
    const { n } = this.dataset;
    let at = 0;
    if (!sort) {
      for (let row = 0; row < n; row++) if (fails[row] === 0) rows[at++] = row;
      return rows;
    }
    const order = this.order(sort.column);
    const present = n - (this.dataset.column(sort.column)?.missing ?? 0);
    const take = (place: number) => {
      const row = order[place]!;
      if (fails[row] === 0) rows[at++] = row;
    };
    if (sort.descending) for (let place = present - 1; place >= 0; place--) take(place);
    else for (let place = 0; place < present; place++) take(place);
    for (let place = present; place < n; place++) take(place);
    return rows;
  }
}
