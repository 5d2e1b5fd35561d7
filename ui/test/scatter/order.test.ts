import assert from "node:assert/strict";
import test from "node:test";
import { drawingOrder, inOrder } from "../../src/scatter/order";
import { fitting, planeAt, projectorOf, zoomedAt } from "../../src/scatter/camera";
import { random } from "../worlds";

test("every row once, the highest losses first, missing ones never among them", () => {
  for (const n of [0, 1, 2, 3, 10, 997, 5000]) {
    const next = random(n);
    const values = Uint16Array.from({ length: n }, (_, row) => (row % 11 === 0 ? 65535 : next() * 60000));
    const order = drawingOrder(n, { values, missing: 65535 });
    assert.deepEqual([...order].sort((a, b) => a - b), [...values.keys()]);
    if (n < 900) continue;
    const known = [...values].filter((value) => value !== 65535).sort((a, b) => b - a);
    const first = [...order.subarray(0, Math.floor(n * 0.015))].map((row) => values[row]!);
    assert.deepEqual(first, known.slice(0, first.length));
  }
});

test("any stretch of the order is an even sample of the rows", () => {
  const n = 10_000;
  const order = drawingOrder(n, null);
  for (let start = 0; start < n; start += 1000) {
    const quarters = [0, 0, 0, 0];
    for (const row of order.subarray(start, start + 1000)) quarters[Math.floor((4 * row) / n)]!++;
    for (const quarter of quarters) assert.ok(Math.abs(quarter - 250) < 25, String(quarters));
  }
});

test("values follow their rows", () => {
  assert.deepEqual([...inOrder(Float32Array.from([5, 6, 7]), Uint32Array.from([2, 0, 1]))], [7, 5, 6]);
});

test("a zoom leaves the place under the pointer where it is", () => {
  const before = { x: 0.1, y: -0.2, zoom: 2 };
  const [px, py] = [123, 456];
  const [x, y] = planeAt(px, py, projectorOf(before, 800, 600));
  const after = projectorOf(zoomedAt(before, x, y, 1.7), 800, 600);
  assert.ok(Math.abs(after.offsetX + x * after.scale - px) < 1e-9);
  assert.ok(Math.abs(after.offsetY - y * after.scale - py) < 1e-9);
});

test("a camera fits the rows it is given, none if they are nowhere", () => {
  const [x, y] = [Float32Array.from([0.2, 0.4, NaN]), Float32Array.from([-0.5, -0.1, NaN])];
  const to = projectorOf(fitting(x, y, [0, 1, 2])!, 700, 700);
  for (const row of [0, 1]) {
    const [px, py] = [to.offsetX + x[row]! * to.scale, to.offsetY - y[row]! * to.scale];
    assert.ok(px >= 0 && px <= 700 && py >= 0 && py <= 700);
  }
  assert.equal(fitting(x, y, [2]), null);
});
