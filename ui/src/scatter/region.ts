import type { Filter, Point } from "../state/filters";
import type { Session } from "../state/session";
import { outlines } from "./outline";

/** The lines around the region of the insight that is selected; made anew when that changes. */
export class RegionOutline {
  private rows: Uint32Array | null = null;
  private projection = -1;
  private made: Point[][] = [];

  constructor(private readonly session: Session) {}

  /** Closed lines in the plane; none where no insight of a region is selected. */
  get lines(): Point[][] {
    const { filters, projection } = this.session.state.peek();
    const rows = this.regionRows(filters);
    if (rows === this.rows && projection === this.projection) return this.made;
    const plane = this.session.dataset.plane(projection);
    [this.rows, this.projection] = [rows, projection];
    this.made = rows && plane ? outlines(plane.x, plane.y, rows) : [];
    return this.made;
  }

  private regionRows(filters: readonly Filter[]): Uint32Array | null {
    for (const filter of filters) {
      const key = filter.type === "rows" ? filter.source?.insight : undefined;
      if (filter.type !== "rows" || key === undefined) continue;
      // What is not a region, e.g. wrong labels here and there, has no place to draw around.
      return this.session.dataset.insight(key)?.region != null ? filter.rows : null;
    }
    return null;
  }
}
