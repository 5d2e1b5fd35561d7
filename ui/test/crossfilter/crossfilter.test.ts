import assert from "node:assert/strict";
import test from "node:test";
import { Crossfilter } from "../../src/crossfilter/crossfilter";
import { random } from "../worlds";

/** What a crossfilter must say, counted row by row anew each time. */
class SlowCrossfilter {
  readonly masks = new Map<string, Uint8Array>();
  constructor(readonly n: number) {}

  passes(row: number, except?: string): boolean {
    return [...this.masks].every(([key, mask]) => key === except || mask[row] === 0);
  }

  count(): number {
    return Array.from({ length: this.n }, (_, row) => row).filter((row) => this.passes(row)).length;
  }

  counts(key: string, bins: ArrayLike<number>, size: number): number[] {
    const counts = Array<number>(size).fill(0);
    for (let row = 0; row < this.n; row++) if (this.passes(row, key)) counts[bins[row]!]!++;
    return counts;
  }
}

const columnsOf = (n: number, next: () => number) =>
  [3, 40, 256, 5000].map((size, place) => ({
    key: `column:${place}`,
    size,
    bins: new (size <= 256 ? Uint8Array : Uint16Array)(n).map(() => Math.floor(next() * size)),
  }));

test("counts follow any sequence of filters as if counted anew", () => {
  const [n, next] = [700, random(1)];
  const columns = columnsOf(n, next);
  const [fast, slow] = [new Crossfilter(n), new SlowCrossfilter(n)];
  const live = columns.map(({ key, bins, size }) => fast.startCounting(key, bins, size));
  for (let step = 0; step < 200; step++) {
    const key = next() < 0.7 ? columns[Math.floor(next() * 4)]!.key : `rows:${Math.floor(next() * 60)}`;
    if (next() < 0.3) {
      fast.remove(key);
      slow.masks.delete(key);
    } else {
      const share = next();
      const mask = Uint8Array.from({ length: n }, () => (next() < share ? 1 : 0));
      fast.set(key, (out) => out.set(mask));
      slow.masks.set(key, mask);
    }
    assert.equal(fast.count, slow.count());
    columns.forEach(({ key: own, bins, size }, place) =>
      assert.deepEqual([...live[place]!], slow.counts(own, bins, size)),
    );
  }
});

test("more filters than bits of a word", () => {
  const n = 200;
  const fast = new Crossfilter(n);
  for (let row = 0; row < 150; row++)
    fast.set(`rows:${row}`, (mask) => mask.forEach((_, other) => (mask[other] = other === row ? 1 : 0)));
  assert.equal(fast.count, 50);
  for (let row = 0; row < 150; row++) fast.remove(`rows:${row}`);
  assert.equal(fast.count, n);
  assert.ok(fast.fails.every((fails) => fails === 0));
});

test("a counter that starts late or starts again counts what passes then", () => {
  const bins = Uint8Array.from([0, 0, 1, 1]);
  const fast = new Crossfilter(4);
  fast.set("other", (mask) => mask.set([0, 1, 1, 0]));
  assert.deepEqual([...fast.startCounting("column:a", bins, 2)], [1, 1]);
  fast.stopCounting("column:a");
  fast.set("other", (mask) => mask.set([0, 0, 1, 1]));
  assert.deepEqual([...fast.startCounting("column:a", bins, 2)], [2, 0]);
});

test("a histogram ignores its own filter alone", () => {
  const bins = Uint8Array.from([0, 1, 2, 2]);
  const fast = new Crossfilter(4);
  const own = fast.startCounting("column:a", bins, 3);
  const other = fast.startCounting("column:b", bins, 3);
  fast.set("column:a", (mask) => mask.set([1, 1, 0, 0]));
  assert.deepEqual([...own], [1, 1, 2]);
  assert.deepEqual([...other], [0, 0, 2]);
});

test("no rows at all", () => {
  const fast = new Crossfilter(0);
  const counts = fast.startCounting("column:a", new Uint8Array(0), 2);
  fast.set("column:b", () => {});
  assert.equal(fast.count, 0);
  assert.deepEqual([...counts], [0, 0]);
});
