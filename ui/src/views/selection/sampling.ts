/** Which rows are compared: the selection, and the rest of the splits that it holds samples of. */

/** Rows on one side of a comparison from which a part stands for all: the interval is then under ± 0.01. */
export const MOST_ROWS = 100_000;

/** Two groups of rows, and how many rows each stands for. */
export interface Sides {
  inside: Uint32Array;
  outside: Uint32Array;
  insideTotal: number;
  outsideTotal: number;
}

/**
 * The kept rows and the rest of the same splits, each thinned to `limit`.
 *
 * @param n - rows there are.
 * @param passes - whether a row is kept.
 * @param splitOf - split code of a row.
 */
export function sidesOf(
  n: number,
  passes: (row: number) => boolean,
  splitOf: (row: number) => number,
  limit = MOST_ROWS,
): Sides {
  const inside = new Uint32Array(n);
  let kept = 0;
  const splits = new Set<number>();
  for (let row = 0; row < n; row++) {
    if (!passes(row)) continue;
    inside[kept++] = row;
    splits.add(splitOf(row));
  }
  const outside = new Uint32Array(n - kept);
  let left = 0;
  for (let row = 0, next = 0; row < n; row++) {
    if (next < kept && inside[next] === row) next++;
    else if (splits.has(splitOf(row))) outside[left++] = row;
  }
  return {
    inside: thin(inside.subarray(0, kept), limit),
    outside: thin(outside.subarray(0, left), limit),
    insideTotal: kept,
    outsideTotal: left,
  };
}

/** At most `limit` of the rows: one from each of as many equal stretches, by chance but the same every time. */
export function thin(rows: Uint32Array, limit: number): Uint32Array {
  if (rows.length <= limit) return rows;
  const stretch = rows.length / limit;
  const random = seeded(0x1a7e47);
  return Uint32Array.from({ length: limit }, (_, i) => rows[Math.floor((i + random()) * stretch)]!);
}

/** Numbers in 0…1, the same for the same seed. Source: mulberry32, Tommy Ettinger 2017, public domain. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
