/** Outlines: most of the samples are inside, and others are not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { markOutside } from "../../src/crossfilter/lasso";
import { outlines } from "../../src/scatter/outline";
import type { Point } from "../../src/state/filters";
import { random } from "../worlds";

/** Normal coordinates around some centers. */
function clouds(centers: readonly Point[], each: number, deviation: number) {
  const next = random(5);
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  const places = centers.flatMap(([x, y]) =>
    Array.from(
      { length: each },
      () => [x + deviation * normal(), y + deviation * normal()] as const,
    ),
  );
  return { x: Float32Array.from(places, ([x]) => x), y: Float32Array.from(places, ([, y]) => y) };
}

function inside(rings: readonly Point[][], x: Float32Array, y: Float32Array): Uint8Array {
  const crossings = new Uint8Array(x.length);
  for (const ring of rings) {
    const outside = new Uint8Array(x.length);
    markOutside(ring, x, y, outside);
    outside.forEach((out, row) => (crossings[row]! ^= 1 - out));
  }
  return crossings;
}

const all = (n: number) => Uint32Array.from({ length: n }, (_, row) => row);
const mean = (values: ArrayLike<number>) =>
  Array.from(values).reduce((a, b) => a + b, 0) / values.length;

test("two clouds have two outlines, which hold nine tenths of them", () => {
  const { x, y } = clouds(
    [
      [-0.6, 0],
      [0.6, 0.3],
    ],
    2000,
    0.06,
  );
  const rings = outlines(x, y, all(4000));
  assert.ok(rings.length >= 2 && rings.length <= 6, String(rings.length));
  const share = mean(inside(rings, x, y));
  assert.ok(share > 0.87 && share < 0.94, String(share));
  const between = [Float32Array.of(0, 0, -0.6), Float32Array.of(0, 0.15, 0.6)] as const;
  assert.deepEqual([...inside(rings, ...between)], [0, 0, 0]);
});

test("of many rows a sample does; those that are nowhere are left out", () => {
  const { x, y } = clouds([[0.1, 0.1]], 60_000, 0.2);
  x.fill(NaN, 0, 20_000);
  const share = mean(inside(outlines(x, y, all(60_000)), x.subarray(20_000), y.subarray(20_000)));
  assert.ok(share > 0.87 && share < 0.94, String(share));
});

test("samples at one place have a line around it; very few have none", () => {
  const [x, y] = [new Float32Array(20).fill(0.5), new Float32Array(20).fill(-0.25)];
  const rings = outlines(x, y, all(20));
  assert.equal(rings.length, 1);
  assert.equal(mean(inside(rings, x, y)), 1);
  assert.deepEqual(outlines(x, y, all(7)), []);
  assert.deepEqual(outlines(x.fill(NaN), y, all(20)), []);
});
