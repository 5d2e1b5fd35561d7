import assert from "node:assert/strict";
import test from "node:test";
import { coloringOf, levelOf, slotsOf, valueAt } from "../../src/scatter/coloring";
import type { CategoryColumn } from "../../src/data/columns";
import { MISSING_SLOT, OTHER_SLOT } from "../../src/scatter/palette";
import { datasetOf, random } from "../worlds";

const categories = (names: string[], codes: number[]) =>
  datasetOf({ n: codes.length, categories: { split: { codes: Uint8Array.from(codes), names } } }).column(
    "split",
  ) as CategoryColumn;

test("up to ten categories have a color each, in their order", () => {
  const names = Array.from({ length: 10 }, (_, place) => `c${place}`);
  const column = { ...categories(names, [3, 255]), name: "target" };
  const slots = slotsOf(column, new Uint32Array(11).fill(1));
  assert.deepEqual([...slots], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const coloring = coloringOf(column, () => new Uint32Array(11).fill(1), 2);
  assert.deepEqual([...coloring.codes], [3, MISSING_SLOT]);
});

test("of more the nine most frequent have one, the rest is other", () => {
  const names = Array.from({ length: 300 }, (_, place) => `c${place}`);
  const totals = Uint32Array.from({ length: 301 }, (_, place) => (place % 30 === 7 ? 50 : 1));
  const slots = slotsOf({ ...categories([], []), name: "target", categories: names }, totals);
  const named = [...slots.keys()].filter((code) => slots[code] !== OTHER_SLOT);
  assert.deepEqual(named, [7, 37, 67, 97, 127, 157, 187, 217, 247]);
  assert.deepEqual(named.map((code) => slots[code]), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test("splits have the colors of the report's figures, whichever are there", () => {
  const column = categories(["val", "camera", "train"], [0, 1, 2]);
  const [val, camera, train] = slotsOf(column, new Uint32Array(4).fill(1));
  assert.deepEqual([val, train], [5, 0]);
  assert.ok(camera !== val && camera !== train && camera !== OTHER_SLOT);
});

test("numbers rise from the first to the last color, missing ones have their own", () => {
  const next = random(11);
  for (const draw of [() => next() * 7 - 3, () => next() ** 15]) {
    const values = Float32Array.from({ length: 500 }, draw);
    values[3] = NaN;
    const column = datasetOf({ n: 500, numbers: { a: values } }).column("a");
    const coloring = coloringOf(column, () => new Uint32Array(0), 500);
    assert.equal(coloring.kind, "number");
    if (coloring.kind !== "number") return;
    const rows = [...values.keys()].filter((row) => row !== 3).sort((a, b) => values[a]! - values[b]!);
    for (let at = 1; at < rows.length; at++)
      assert.ok(coloring.codes[rows[at]!]! >= coloring.codes[rows[at - 1]!]!);
    assert.equal(coloring.codes[rows.at(-1)!], 254);
    assert.equal(coloring.codes[3], MISSING_SLOT);
    for (const level of [0, 0.3, 1])
      assert.ok(Math.abs(levelOf(valueAt(level, coloring.scale), coloring.scale) - level) < 1e-9);
  }
});

test("quantized numbers are colored as if they were decoded", () => {
  const codes = Uint16Array.from([0, 100, 60000, 65535]);
  const [offset, factor] = [-2, 0.001];
  const dataset = datasetOf({
    n: 4,
    quantized: { q: { codes, offset, factor } },
    numbers: { f: Float32Array.from(codes, (code) => (code === 65535 ? NaN : offset + factor * code)) },
  });
  const [q, f] = ["q", "f"].map((name) => coloringOf(dataset.column(name), () => new Uint32Array(0), 4));
  assert.deepEqual([...q!.codes], [...f!.codes]);
});
