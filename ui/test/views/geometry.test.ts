/** Where things are drawn: virtual lists, axes of curves, overlays. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { justBelow, roundAxis, valueAxis } from "../../src/views/curves/geometry";
import { overlaysOf } from "../../src/parts/overlays";
import { scrollTo, tilesAcross, windowOf } from "../../src/views/samples/scrolling";

test("a short list is drawn as it stands", () => {
  assert.deepEqual(windowOf(3, 20, 0, 400), { first: 0, last: 3, top: 0, height: 60 });
  assert.deepEqual(windowOf(0, 20, 0, 400), { first: 0, last: 0, top: 0, height: 0 });
});

test("every line of a million can be reached, and the screen is always full", () => {
  const [lines, line, view] = [1_000_000, 24, 600];
  const { height } = windowOf(lines, line, 0, view);
  assert.ok(height <= 8_000_000);
  for (const scrolled of [0, 1, 999, 4_000_000, height - view - 1, height - view, height + 500]) {
    const window = windowOf(lines, line, scrolled, view);
    const at = Math.min(scrolled, height - view);
    assert.ok(window.top <= at + 1e-6 || window.first === 0, `no gap above at ${scrolled}`);
    assert.ok(
      window.top + (window.last - window.first) * line >= at + view - 1e-6,
      `no gap below at ${scrolled}`,
    );
  }
  assert.equal(windowOf(lines, line, height - view, view).last, lines);
});

test("scrolling to a line shows it whole", () => {
  for (const lines of [100, 1_000_000])
    for (const wanted of [0, 7, 50, lines - 1]) {
      const scrolled = scrollTo(wanted, lines, 24, 777, 600);
      const { first, top } = windowOf(lines, 24, scrolled, 600, 0);
      const y = top + (wanted - first) * 24;
      assert.ok(y >= scrolled - 0.5 && y + 24 <= scrolled + 600.5, `line ${wanted} of ${lines}`);
    }
});

test("tiles fill the width", () => {
  for (const width of [50, 400, 1001]) {
    const { across, tile } = tilesAcross(width, 96, 8);
    assert.ok(Math.abs(across * tile + 8 * (across - 1) - width) < 1e-9);
  }
});

test("axes are round and hold their values", () => {
  for (const [low, high] of [
    [0, 1],
    [0.0012, 0.0093],
    [-5, 12345],
    [3, 3],
    [0, 0],
  ] as const) {
    const axis = roundAxis(low, high);
    assert.ok(
      axis.low <= low && axis.high >= high && axis.ticks.length >= 2 && axis.ticks.length <= 8,
      JSON.stringify(axis),
    );
  }
  assert.deepEqual(roundAxis(0, 0.9).ticks, [0, 0.5, 1]);
});

test("one bin of two samples does not flatten a curve, and no mean is cut", () => {
  const bin = (n: number, mean: number, reach: number) => ({
    label: "",
    lower: 0,
    upper: 1,
    n,
    mean,
    interval: [mean - reach, mean + reach] as const,
  });
  const axis = valueAxis([[bin(100, 1, 0.2), bin(100, 2, 0.2), bin(2, 1.5, 900)]]);
  assert.ok(axis.high < 5 && axis.high >= 2.2 && axis.low === 0);
});

test("the float under an edge", () => {
  for (const value of [0.1, 1, -1, 0, 65504, 1e-30, 0.75444]) {
    const below = justBelow(value);
    assert.ok(below < value && Math.fround(below) === below);
    assert.ok(Math.fround((below + value) / 2) >= below);
  }
});

test("overlays of a row, targets first", () => {
  const arrays = {
    first: Uint32Array.of(0, 0, 2),
    box: Uint16Array.of(0, 0, 65535, 65535, 0, 13107, 26214, 39321),
    category: Uint16Array.of(1, 9),
    score: Uint8Array.of(127, 255),
    role: Uint8Array.of(1, 0),
    polygonFirst: Uint32Array.of(0, 0, 3),
    polygon: Uint16Array.of(0, 0, 65535, 0, 0, 65535),
  };
  assert.deepEqual(overlaysOf(arrays, 0, []), []);
  assert.deepEqual(overlaysOf(arrays, 1, ["a", "b"]), [
    {
      box: [0, 0.2, 0.4, 0.6],
      outline: [0, 0, 1, 0, 0, 1],
      category: "9",
      score: null,
      role: "target",
    },
    { box: [0, 0, 1, 1], outline: [], category: "b", score: 0.5, role: "prediction" },
  ]);
});
