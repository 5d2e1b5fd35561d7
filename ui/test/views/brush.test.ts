import assert from "node:assert/strict";
import test from "node:test";
import type { Binning } from "../../src/crossfilter/binning";
import { afterMove, bounded, grip } from "../../src/views/filters/brush";

const binning = (parts: Partial<Binning>): Binning => ({
  bins: new Uint8Array(0),
  size: 10,
  low: 0,
  width: 0.5,
  root: 1,
  clippedBelow: false,
  clippedAbove: false,
  ...parts,
});

test("a drag over nothing makes a brush of whole bins, either way", () => {
  const held = grip(2.4, null, 10);
  assert.deepEqual(afterMove(held, 5.1, 10), [2, 6]);
  assert.deepEqual(afterMove(held, 0.2, 10), [0, 3]);
  assert.equal(afterMove(held, 2.45, 10), null, "a click is no drag");
});

test("an edge is held near it, the whole in between", () => {
  assert.deepEqual(grip(2.1, [2, 6], 10), { kind: "edge", stays: 6 });
  assert.deepEqual(grip(5.9, [2, 6], 10), { kind: "edge", stays: 2 });
  const whole = grip(4, [2, 6], 10);
  assert.deepEqual(afterMove(whole, 5.2, 10), [3, 7]);
  assert.deepEqual(afterMove(whole, 99, 10), [6, 10], "it stays inside");
});

test("values of a brush: all that lies beyond an end belongs to it", () => {
  assert.deepEqual(bounded([2, 6], binning({}), [-9, 99]), [1, 3]);
  assert.deepEqual(bounded([0, 10], binning({ clippedAbove: true }), [-9, 99]), [-9, 99]);
  assert.deepEqual(
    bounded([2, 4], binning({ low: 3, width: 1 }), [3, 12]),
    [5, 6],
    "whole numbers",
  );
  assert.deepEqual(bounded([1, 2], binning({ low: 0, width: 1, root: 3 }), [0, 1000]), [1, 8]);
});
