/**
 * Crossfilter over any number of filters and categories.
 *
 * Of each row it keeps how many filters it fails, and of each filter a mask (1 = the row fails). A
 * row passes if it fails none; the counts of a column ignore that column's own filter, so a row
 * counts there if it fails nothing but that. A change of a filter touches only the rows whose mask
 * changed, so a brush that moves by a bin costs one pass over the rows and little more.
 */
export class Crossfilter {
  /** (n) how many filters each row fails. */
  readonly fails: Uint16Array;
  private readonly masks = new Map<string, Uint8Array>();
  private readonly counters = new Map<string, Counter>();
  private readonly changed: Uint32Array;
  private spare: Uint8Array;
  private passing: number;

  /** @param n number of rows. */
  constructor(readonly n: number) {
    this.fails = new Uint16Array(n);
    this.changed = new Uint32Array(n);
    this.spare = new Uint8Array(n);
    this.passing = n;
  }

  /** Number of rows that pass all filters. */
  get count(): number {
    return this.passing;
  }

  /** Whether a row passes all filters. */
  passes(row: number): boolean {
    return this.fails[row] === 0;
  }

  /**
   * Set or replace the filter of a key.
   *
   * @param key of the filter; a counter of the same key ignores it.
   * @param fill writes 1 for every row that fails and 0 for every other into (n) bytes.
   */
  set(key: string, fill: (mask: Uint8Array) => void): void {
    const before = this.masks.get(key);
    const after = this.spare;
    fill(after);
    this.masks.set(key, after);
    this.spare = before ?? new Uint8Array(this.n);
    this.exchange(key, before, after);
  }

  /** Remove the filter of a key, if there is one. */
  remove(key: string): void {
    const before = this.masks.get(key);
    if (!before) return;
    this.masks.delete(key);
    this.exchange(key, before, undefined);
  }

  /**
   * Count the passing rows of each bin from now on.
   *
   * @param key the counts ignore the filter of this key.
   * @param bins (n) bin of each row, below `size`.
   * @param known the counts as they are now, if they are known.
   * @returns counts, kept up to date in place until `stopCounting`.
   */
  startCounting(key: string, bins: Bins, size: number, known?: Uint32Array): Uint32Array {
    const counts = known ?? countPassing(bins, this.fails, this.masks.get(key), size);
    this.counters.set(key, { bins, counts });
    return counts;
  }

  /** No longer keep the counts of a key. */
  stopCounting(key: string): void {
    this.counters.delete(key);
  }

  /**
   * Count the passing rows of each bin within each group, once.
   *
   * @param key the counts ignore the filter of this key.
   * @param groups (n) group of each row; rows of a group beyond `groupCount` are left out.
   * @returns (groupCount × size) counts, the bins of the first group first.
   */
  countByGroup(key: string, bins: Bins, size: number, groups: Bins, groupCount: number): Uint32Array {
    const { fails } = this;
    const own = this.masks.get(key);
    const counts = new Uint32Array(groupCount * size);
    for (let row = 0; row < bins.length; row++) {
      if (groups[row]! < groupCount && fails[row] === (own ? own[row] : 0))
        counts[groups[row]! * size + bins[row]!]!++;
    }
    return counts;
  }

  private exchange(key: string, before: Uint8Array | undefined, after: Uint8Array | undefined) {
    const changes = listChanges(before, after, this.n, this.changed);
    const rows = this.changed.subarray(0, changes);
    for (const [name, counter] of this.counters)
      if (name !== key) recount(counter, rows, after, this.fails, this.masks.get(name));
    this.passing += applyChanges(rows, after, this.fails);
  }
}

/** Bin of each row. */
export type Bins = Uint8Array | Uint16Array;

interface Counter {
  readonly bins: Bins;
  readonly counts: Uint32Array;
}

/** Count the rows of each bin. */
export function countAll(bins: Bins, size: number): Uint32Array {
  const counts = new Uint32Array(size);
  for (let row = 0; row < bins.length; row++) counts[bins[row]!]!++;
  return counts;
}

/** Count the rows of each bin within each group; rows of a group beyond `groupCount` are left out. */
export function countAllByGroup(bins: Bins, size: number, groups: Bins, groupCount: number): Uint32Array {
  const counts = new Uint32Array(groupCount * size);
  for (let row = 0; row < bins.length; row++)
    if (groups[row]! < groupCount) counts[groups[row]! * size + bins[row]!]!++;
  return counts;
}

/** Count the rows of each bin that fail nothing but the filter of `own`. */
export function countPassing(
  bins: Bins,
  fails: Uint16Array,
  own: Uint8Array | undefined,
  size: number,
): Uint32Array {
  const counts = new Uint32Array(size);
  if (own) {
    for (let row = 0; row < bins.length; row++) if (fails[row] === own[row]) counts[bins[row]!]!++;
  } else {
    for (let row = 0; row < bins.length; row++) if (fails[row] === 0) counts[bins[row]!]!++;
  }
  return counts;
}

/** Write the rows whose mask differs into `changed`; no mask is all zeros. Returns how many. */
function listChanges(
  before: Uint8Array | undefined,
  after: Uint8Array | undefined,
  n: number,
  changed: Uint32Array,
): number {
  let count = 0;
  if (before && after) {
    for (let row = 0; row < n; row++) {
      changed[count] = row;
      count += before[row]! ^ after[row]!;
    }
    return count;
  }
  const only = before ?? after;
  if (!only) return 0;
  for (let row = 0; row < n; row++) {
    changed[count] = row;
    count += only[row]!;
  }
  return count;
}

/** Bring a counter up to date before `fails` is: rows now fail if `after` says so, else no more. */
function recount(
  { bins, counts }: Counter,
  rows: Uint32Array,
  after: Uint8Array | undefined,
  fails: Uint16Array,
  own: Uint8Array | undefined,
): void {
  for (let place = 0; place < rows.length; place++) {
    const row = rows[place]!;
    const others = fails[row]! - (own ? own[row]! : 0);
    if (after && after[row]) {
      if (others === 0) counts[bins[row]!]!--;
    } else if (others === 1) counts[bins[row]!]!++;
  }
}

/** Bring `fails` up to date. Returns by how many rows more pass now. */
function applyChanges(rows: Uint32Array, after: Uint8Array | undefined, fails: Uint16Array) {
  let gained = 0;
  for (let place = 0; place < rows.length; place++) {
    const row = rows[place]!;
    if (after && after[row]) {
      if (fails[row]!++ === 0) gained--;
    } else if (--fails[row]! === 0) gained++;
  }
  return gained;
}
