import { signal, type ReadonlySignal } from "@preact/signals";

/** The samples that a person walked over, with a place among them: back and forward as in a browser. */
export interface Walk {
  readonly rows: readonly number[];
  /** place of the current one; −1 at the start. */
  readonly at: number;
}

/** Steps remembered at most. */
const LONGEST = 100;

/** The walk after a step to `row`; what lay ahead is forgotten, the same row again is no step. */
export function stepTo(walk: Walk, row: number): Walk {
  if (walk.rows[walk.at] === row) return walk;
  const rows = [...walk.rows.slice(0, walk.at + 1), row].slice(-LONGEST);
  return { rows, at: rows.length - 1 };
}

/** The walk moved by −1 or 1; unchanged at its ends. */
export function moveBy(walk: Walk, step: -1 | 1): Walk {
  const at = walk.at + step;
  return at < 0 || at >= walk.rows.length ? walk : { ...walk, at };
}

/** A walk that components can follow. */
export class Trail {
  private readonly walk = signal<Walk>({ rows: [], at: -1 });
  readonly current: ReadonlySignal<Walk> = this.walk;

  visit(row: number): void {
    this.walk.value = stepTo(this.walk.peek(), row);
  }

  /** The row that the step leads to; undefined at an end. */
  go(step: -1 | 1): number | undefined {
    const before = this.walk.peek();
    const after = moveBy(before, step);
    if (after === before) return undefined;
    this.walk.value = after;
    return after.rows[after.at];
  }
}
