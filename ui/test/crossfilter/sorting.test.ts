import assert from "node:assert/strict";
import test from "node:test";
import { ascending } from "../../src/crossfilter/sorting";
import { datasetOf, random } from "../worlds";

test("numbers ascend, missing ones last, equal ones in the order of the rows", () => {
  const next = random(3);
  const values = Float32Array.from({ length: 3000 }, () =>
    next() < 0.1 ? NaN : next() < 0.3 ? Math.round(next() * 4 - 2) : (next() - 0.5) * 10 ** (next() * 60 - 30),
  );
  values.set([0, -0, Infinity, -Infinity]);
  const order = ascending(datasetOf({ n: values.length, numbers: { a: values } }).column("a")!, values.length);
  const rank = (row: number) => (Number.isNaN(values[row]!) ? Infinity : values[row]!);
  const place = (row: number) => (Number.isNaN(values[row]!) ? 1 : 0);
  for (let at = 1; at < order.length; at++) {
    const [a, b] = [order[at - 1]!, order[at]!];
    assert.ok(place(a) < place(b) || (place(a) === place(b) && rank(a) <= rank(b)));
    if (values[a] === values[b] && !Object.is(values[a], -0) && !Object.is(values[b], -0)) assert.ok(a < b);
  }
  assert.deepEqual([...order].sort((a, b) => a - b), [...values.keys()]);
});

test("categories and texts ascend by name, numbers in them by value", () => {
  const world = datasetOf({
    n: 5,
    categories: { c: { codes: Uint8Array.from([0, 1, 255, 2, 1]), names: ["class 10", "class 9", "a"] } },
    texts: { t: ["b10", "b9", "a", "", "b9"] },
  });
  assert.deepEqual([...ascending(world.column("c")!, 5)], [3, 1, 4, 0, 2]);
  assert.deepEqual([...ascending(world.column("t")!, 5)], [3, 2, 1, 4, 0]);
});
