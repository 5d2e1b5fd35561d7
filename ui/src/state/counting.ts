import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { binned, type Binning } from "../crossfilter/binning";
import { countAll, countAllByGroup, type Bins, type Crossfilter } from "../crossfilter/crossfilter";
import type { Dataset } from "../data/dataset";

/** Rows counted by bin: `counts[b]`, the last one being the missing values. */
export type Counts = Uint32Array;

/** Rows of each bin of each column: over all samples once, and of those that pass while they are shown. */
export class Counting {
  private readonly bins = new Map<string, Binning | null>();
  private readonly totals = new Map<string, Counts>();
  private readonly totalsBySplit = new Map<string, ReadonlyMap<string, Counts>>();
  private readonly counters = new Map<string, Signal<Counts>>();
  /** Counts that the crossfilter keeps up to date, of the columns that something shows. */
  private readonly live = new Map<string, Counts>();

  constructor(
    private readonly dataset: Dataset,
    private readonly crossfilter: Crossfilter,
  ) {}

  /** How a column is cut into bins; null for texts and columns without a value. */
  binning(name: string): Binning | null {
    const known = this.bins.get(name);
    if (known !== undefined) return known;
    const column = this.dataset.column(name);
    const made = column ? binned(column) : null;
    this.bins.set(name, made);
    return made;
  }

  /** Rows of each bin over all samples. */
  total(name: string): Counts {
    let total = this.totals.get(name);
    if (!total) {
      const binning = this.binning(name);
      total = binning ? countAll(binning.bins, binning.size + 1) : new Uint32Array(1);
      this.totals.set(name, total);
    }
    return total;
  }

  /** Rows of each bin that pass all filters but the column's own; kept while something reads it. */
  counts(name: string): ReadonlySignal<Counts> {
    let counter = this.counters.get(name);
    if (!counter) {
      counter = signal<Counts>(new Uint32Array(0), { unwatched: () => this.stop(name) });
      this.counters.set(name, counter);
    }
    if (!this.live.has(name)) this.start(name, counter);
    return counter;
  }

  /** The same by split, counted now. */
  bySplit(name: string): ReadonlyMap<string, Counts> {
    return this.ofSplits(name, (bins, size, groups, count) =>
      this.crossfilter.countByGroup(keyOf(name), bins, size, groups, count),
    );
  }

  /** Rows of each bin over all samples, by split; made once. */
  totalBySplit(name: string): ReadonlyMap<string, Counts> {
    let total = this.totalsBySplit.get(name);
    if (!total) {
      total = this.ofSplits(name, countAllByGroup);
      this.totalsBySplit.set(name, total);
    }
    return total;
  }

  private ofSplits(
    name: string,
    count: (bins: Bins, size: number, groups: Bins, groupCount: number) => Uint32Array,
  ): ReadonlyMap<string, Counts> {
    const binning = this.binning(name);
    const split = this.dataset.column("split");
    if (!binning || split?.kind !== "category") return new Map();
    const size = binning.size + 1;
    const all = count(binning.bins, size, split.codes, split.categories.length);
    return new Map(
      split.categories.map((one, group) => [one, all.subarray(group * size, (group + 1) * size)]),
    );
  }

  /** Show the counts as they are now. */
  publish(): void {
    for (const [name, counts] of this.live) this.counters.get(name)!.value = counts.slice();
  }

  private start(name: string, counter: Signal<Counts>): void {
    const binning = this.binning(name);
    if (!binning) return;
    const { bins, size } = binning;
    // Where all rows pass, the counts are those of all rows, which are known already.
    const known = this.crossfilter.count === this.dataset.n ? this.total(name).slice() : undefined;
    this.live.set(name, this.crossfilter.startCounting(keyOf(name), bins, size + 1, known));
    counter.value = this.live.get(name)!.slice();
  }

  private stop(name: string): void {
    this.live.delete(name);
    this.crossfilter.stopCounting(keyOf(name));
  }
}

const keyOf = (name: string): string => `column:${name}`;
