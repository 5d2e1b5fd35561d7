import assert from "node:assert/strict";
import test from "node:test";
import { binned, edgeOf, placeOf } from "../../src/crossfilter/binning";
import { datasetOf, random } from "../worlds";

const bin = (values: number[]) =>
  binned(datasetOf({ n: values.length, numbers: { a: Float32Array.from(values) } }).column("a")!)!;

test("every value lies between the edges of its bin, missing ones in a bin of their own", () => {
  const next = random(4);
  for (const draw of [() => next(), () => -Math.log(next()), () => next() ** 12 * 50, () => next() * 6 - 3]) {
    const values = Array.from({ length: 2000 }, () => (next() < 0.05 ? NaN : Math.fround(draw())));
    const binning = bin(values);
    values.forEach((value, row) => {
      const own = binning.bins[row]!;
      if (Number.isNaN(value)) return assert.equal(own, binning.size);
      const slack = 1e-9;
      const [low, high] = [edgeOf(binning, own), edgeOf(binning, own + 1)];
      assert.ok(value >= low - slack || (own === 0 && binning.clippedBelow), `${value} below ${low}`);
      const last = own === binning.size - 1;
      assert.ok(value < high + slack || last, `${value} above ${high}`);
    });
  }
});

test("whole numbers have a bin each, one value everywhere has one bin", () => {
  const values = Array.from({ length: 90 }, (_, row) => row % 9);
  const dataset = datasetOf({ n: 90, numbers: { a: Float32Array.from(values) } });
  const column = { ...dataset.column("a")!, integer: true } as never;
  assert.equal(binned(column)!.size, 9);
  assert.deepEqual([...binned(column)!.bins.slice(0, 9)], [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  assert.equal(bin([2, 2, 2]).size, 1);
});

test("a far outlier does not squeeze all others into one bin, and is still counted", () => {
  const next = random(5);
  const values = Array.from({ length: 5000 }, () => next() - 0.5);
  values[7] = 1e6;
  const binning = bin(values);
  assert.ok(binning.clippedAbove);
  assert.ok(new Set(binning.bins).size > 30);
  assert.equal(binning.bins[7], binning.size - 1);
});

test("edges and places are each other's inverse, in roots too", () => {
  const next = random(6);
  const binning = bin(Array.from({ length: 4000 }, () => next() ** 20 * 9));
  assert.equal(binning.root, 3);
  for (const at of [0, 0.5, 7, 47.25]) assert.ok(Math.abs(placeOf(binning, edgeOf(binning, at)) - at) < 1e-6);
});

test("columns without a value or of texts have no bins", () => {
  const dataset = datasetOf({ n: 2, numbers: { a: Float32Array.from([NaN, NaN]) }, texts: { t: ["x", "y"] } });
  assert.equal(binned(dataset.column("a")!), null);
  assert.equal(binned(dataset.column("t")!), null);
});

test("5,000 categories, with and without missing ones", () => {
  const names = Array.from({ length: 5000 }, (_, place) => `class ${place}`);
  const codes = Uint16Array.from([0, 4999, 300, 65535]);
  const column = datasetOf({ n: 4, categories: { c: { codes, names } } }).column("c")!;
  assert.deepEqual([...binned(column)!.bins], [0, 4999, 300, 5000]);
});
