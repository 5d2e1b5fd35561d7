/** Ties the sessions of several runs: a selection, a hovered and a pinned sample are the same in all. */
import { effect, signal, type ReadonlySignal } from "@preact/signals";
import { filterKey, withFilter, withoutFilter, type Filter, type Session } from "../../state";
import type { Joined } from "./join";

/** The filter that stands for what was selected in the other runs. */
export const LINK_LABEL = "Selected in the other runs";
const LINK_KEY = filterKey({ type: "rows", label: LINK_LABEL, rows: new Uint32Array(0) });

const ownFilters = (filters: readonly Filter[]): Filter[] => withoutFilter(filters, LINK_KEY);

/** Follows the sessions and keeps them alike, until `close`. */
export class Link {
  /** Rises whenever the common selection has changed. */
  readonly revision: ReadonlySignal<number>;
  private readonly changes = signal(0);
  private readonly endings: (() => void)[] = [];
  /** per run, its rows that the other runs' filters keep; null if they have none. */
  private readonly linked: (Uint8Array | null)[];

  constructor(
    private readonly sessions: readonly Session[],
    private readonly joined: Joined,
  ) {
    this.revision = this.changes;
    this.linked = sessions.map(() => null);
    this.followFilters();
    this.follow(
      (session) => session.hovered.value,
      (session, row) => (session.hovered.value = row),
    );
    this.follow(
      (session) => session.state.value.pinned,
      (session, row) =>
        session.state.peek().pinned !== row && session.update({ pinned: row }, { undoable: false }),
    );
  }

  /** No longer follow. */
  close(): void {
    for (const end of this.endings) end();
  }

  /** The joined samples that pass the filters of all runs. */
  kept(): Uint32Array {
    const { size, rowOf } = this.joined;
    const own = this.sessions.map((session, run) => this.ownPasses(session, run));
    const kept = new Uint32Array(size);
    let count = 0;
    for (let sample = 0; sample < size; sample++)
      if (
        own.every(
          (passes, run) => !passes || (rowOf[run]![sample]! >= 0 && passes(rowOf[run]![sample]!)),
        )
      )
        kept[count++] = sample;
    return kept.subarray(0, count);
  }

  private followFilters(): void {
    let before = "";
    this.endings.push(
      effect(() => {
        const keys = this.sessions.map((session) => ownFilters(session.state.value.filters));
        const now = keys.map((filters) => filters.map(identity).join()).join("|");
        const cut = this.cutRun();
        if (now === before && cut < 0) return;
        before = now;
        // Not inside the effect: it reads what it would change.
        queueMicrotask(() => this.share(cut));
      }),
    );
  }

  /** The run whose link a person has removed, −1 if none: the others' selections are then dropped. */
  private cutRun(): number {
    return this.sessions.findIndex((session, run) => {
      const { filters } = session.state.value;
      return this.linked[run] !== null && ownFilters(filters).length === filters.length;
    });
  }

  /** Give every run what the others keep. */
  private share(cut: number): void {
    if (cut >= 0) {
      this.linked.fill(null);
      this.sessions.forEach(
        (session, run) => run !== cut && session.update({ filters: [] }, { undoable: false }),
      );
    }
    const passes = this.sessions.map((session, run) => this.ownPasses(session, run));
    this.sessions.forEach((session, run) => {
      const others = passes.map((pass, other) => (other === run ? null : pass));
      const { filters } = session.state.peek();
      if (others.every((pass) => pass === null)) {
        this.linked[run] = null;
        if (ownFilters(filters).length !== filters.length)
          session.update({ filters: ownFilters(filters) }, { undoable: false });
        return;
      }
      const rows = this.rowsThatPass(run, others);
      this.linked[run] = marked(rows, this.joined.sampleOf[run]!.length);
      session.update(
        { filters: withFilter(filters, { type: "rows", label: LINK_LABEL, rows }) },
        { undoable: false },
      );
    });
    this.changes.value++;
  }

  private rowsThatPass(
    run: number,
    others: readonly (((row: number) => boolean) | null)[],
  ): Uint32Array {
    const samples = this.joined.sampleOf[run]!;
    return Uint32Array.from(samples.keys()).filter((row) =>
      others.every((passes, other) => {
        if (!passes) return true;
        const counterpart = this.joined.rowOf[other]![samples[row]!]!;
        return counterpart >= 0 && passes(counterpart);
      }),
    );
  }

  /** Whether a row passes the run's own filters; null if it has none. */
  private ownPasses(session: Session, run: number): ((row: number) => boolean) | null {
    const { filters } = session.state.peek();
    const own = ownFilters(filters);
    if (!own.length) return null;
    const linked = own.length < filters.length ? this.linked[run]! : null;
    const fails = session.fails.slice();
    return (row) => fails[row]! === (linked && !linked[row] ? 1 : 0);
  }

  /** Carry a row of one run over to the others whenever it changes there. */
  private follow(
    read: (session: Session) => number | null,
    write: (session: Session, row: number | null) => void,
  ): void {
    const last: (number | null)[] = this.sessions.map(() => null);
    this.sessions.forEach((session, run) => {
      this.endings.push(
        effect(() => {
          const row = read(session);
          if (row === last[run]) return;
          last[run] = row;
          const sample = row === null ? -1 : this.joined.sampleOf[run]![row]!;
          queueMicrotask(() =>
            this.sessions.forEach((other, place) => {
              if (place === run) return;
              const counterpart = sample < 0 ? -1 : this.joined.rowOf[place]![sample]!;
              last[place] = counterpart < 0 ? null : counterpart;
              write(other, last[place]!);
            }),
          );
        }),
      );
    });
  }
}

const identities = new WeakMap<Filter, number>();
let filtersSeen = 0;

/** A number for each filter: filters are never changed, only replaced. */
function identity(filter: Filter): number {
  let found = identities.get(filter);
  if (found === undefined) identities.set(filter, (found = ++filtersSeen));
  return found;
}

function marked(rows: Uint32Array, n: number): Uint8Array {
  const marks = new Uint8Array(n);
  for (const row of rows) marks[row] = 1;
  return marks;
}
