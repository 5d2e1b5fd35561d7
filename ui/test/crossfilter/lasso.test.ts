import assert from "node:assert/strict";
import test from "node:test";
import { markOutside } from "../../src/crossfilter/lasso";
import type { Point } from "../../src/state/filters";
import { random } from "../worlds";

/** Even-odd rule, every point against every edge. */
function inside(polygon: readonly Point[], x: number, y: number): boolean {
  let result = false;
  for (let a = 0, b = polygon.length - 1; a < polygon.length; b = a++) {
    const [ax, ay] = polygon[a]!;
    const [bx, by] = polygon[b]!;
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) result = !result;
  }
  return result;
}

function points(n: number, next: () => number) {
  const value = () => next() * 2 - 1;
  return { x: Float32Array.from({ length: n }, value), y: Float32Array.from({ length: n }, value) };
}

function outside(polygon: readonly Point[], x: Float32Array, y: Float32Array): number[] {
  const mask = new Uint8Array(x.length).fill(7);
  markOutside(polygon, x, y, mask);
  return [...mask];
}

test("agrees with the plain test, for any polygon", () => {
  const next = random(2);
  const { x, y } = points(3000, next);
  for (let shape = 0; shape < 60; shape++) {
    const corners = 3 + Math.floor(next() * 200);
    const size = next() * 1.3;
    const polygon = Array.from({ length: corners }, (_, place): Point => {
      const turn = (place / corners) * 2 * Math.PI * (1 + (shape % 3));
      const reach = size * (0.3 + 0.7 * next());
      return [reach * Math.cos(turn), reach * Math.sin(turn)];
    });
    const expected = [...x].map((_, row) => (inside(polygon, x[row]!, y[row]!) ? 0 : 1));
    assert.deepEqual(outside(polygon, x, y), expected);
    assert.ok(expected.includes(1));
  }
});

test("points on corners and edges go the same way as in the plain test", () => {
  const box: Point[] = [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]];
  const steps = [-0.5, -0.25, 0, 0.25, 0.5];
  const x = Float32Array.from(steps.flatMap(() => steps));
  const y = Float32Array.from(steps.flatMap((value) => steps.map(() => value)));
  const expected = [...x].map((_, row) => (inside(box, x[row]!, y[row]!) ? 0 : 1));
  assert.deepEqual(outside(box, x, y), expected);
  assert.ok(expected.includes(0) && expected.includes(1));
});

test("samples that are not projected are outside, and so is all of what is no polygon", () => {
  const [x, y] = [Float32Array.from([NaN, 0]), Float32Array.from([0, NaN])];
  assert.deepEqual(outside([[-2, -2], [2, -2], [0, 3]], x, y), [1, 1]);
  const [u, v] = [Float32Array.from([0]), Float32Array.from([0])];
  assert.deepEqual(outside([], u, v), [1]);
  assert.deepEqual(outside([[-1, 0], [1, 0]], u, v), [1]);
  assert.deepEqual(outside([[-1, 0], [1, 0], [0, 0]], u, v), [1]);
});
