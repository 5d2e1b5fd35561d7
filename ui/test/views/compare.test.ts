/** Runs matched, subtracted and linked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  aligned,
  comparability,
  ranks,
  subtract,
  tally,
} from "../../src/views/compare/differences";
import { derivedNumbers } from "../../src/data/columns";
import { levelOf, scaleOf, valueAt } from "../../src/scatter/coloring";
import { parsed } from "../../src/views/compare/document";
import { extremes } from "../../src/views/compare/Extremes";
import { join } from "../../src/views/compare/join";

const run = (...keys: string[]) => ({
  n: keys.length,
  split: (row: number) => keys[row]!.split(" ")[0]!,
  sampleId: (row: number) => keys[row]!.split(" ")[1]!,
});

test("samples are matched by split and id, whatever their order", () => {
  const joined = join([run("train a", "val a", "val b"), run("val b", "train a", "val c")]);
  assert.equal(joined.size, 4);
  assert.deepEqual([...joined.rowOf[0]!], [0, 1, 2, -1]);
  assert.deepEqual([...joined.rowOf[1]!], [1, -1, 0, 2]);
  assert.deepEqual([...joined.sampleOf[1]!], [2, 0, 3]);
  assert.deepEqual([...joined.shared], [0, 2]);
});

test("runs without a common sample share none", () => {
  assert.equal(join([run("val a"), run("val b")]).shared.length, 0);
  assert.equal(join([run(), run("val b")]).size, 1);
});

test("losses are subtracted where both are there", () => {
  const first = aligned([1, 5, 2], Int32Array.of(2, 0, -1, 1));
  const second = aligned([1, 1, NaN], Int32Array.of(0, -1, 1, 1));
  const differences = subtract(first, second);
  assert.deepEqual([...differences], [1, NaN, NaN, 4]);
  const found = tally(differences, [0, 1, 2, 3], 0.95);
  assert.deepEqual([found.n, found.firstBetter, found.secondBetter, found.equal], [2, 0, 2, 0]);
  assert.equal(found.difference.effect, 2.5);
});

test("ranks are places among the samples of both, ties in the middle", () => {
  const values = Float32Array.of(5, 1, NaN, 5, 2, 9);
  const other = Float32Array.of(0, 0, 0, 0, 0, NaN);
  const found = ranks(values, other);
  const shared = [0, 1, 3, 4];
  for (const i of shared) {
    const below = shared.filter((j) => values[j]! < values[i]!).length;
    const same = shared.filter((j) => values[j] === values[i]).length;
    assert.ok(Math.abs(found[i]! - (below + same / 2) / shared.length) < 1e-6);
  }
  assert.ok(Number.isNaN(found[2]!) && Number.isNaN(found[5]!));
});

test("different label spaces are not compared in silence", () => {
  const digits = { task: "classification", class_names: ["0", "1", "2"] };
  assert.deepEqual(comparability(digits, { ...digits }).reasons, []);
  assert.ok(comparability(digits, { ...digits, class_names: ["2", "1", "0"] }).losses);
  const two = comparability(digits, { ...digits, class_names: ["even", "odd"] });
  assert.ok(!two.losses && !two.correctness && two.reasons[0]!.includes("3 and 2"));
  assert.equal(comparability(digits, { ...digits, class_names: [] }).losses, false);
  assert.equal(
    comparability(digits, { task: "detection", class_names: digits.class_names }).losses,
    false,
  );
});

test("the samples that differ most, either way, are those of a full sort", () => {
  const differences = Float32Array.from({ length: 500 }, (_, i) =>
    i % 9 ? Math.sin(i * i) : i % 2 ? NaN : 0,
  );
  const samples = Uint32Array.from({ length: 400 }, (_, i) => i);
  const sorted = [...samples]
    .filter((i) => differences[i]! === differences[i]!)
    .sort((a, b) => differences[b]! - differences[a]! || a - b);
  const found = extremes(differences, samples);
  assert.deepEqual(found.high, sorted.slice(0, 12));
  assert.deepEqual(
    found.low.map((i) => differences[i]),
    sorted
      .slice(-12)
      .reverse()
      .map((i) => differences[i]),
  );
  assert.deepEqual(extremes(differences, Uint32Array.of(0)), { high: [], low: [] });
});

test("colors of differences part at zero, and a place on the scale is the value again", () => {
  const column = derivedNumbers(
    { name: "d", label: "d" },
    Float32Array.of(-1, -0.25, 0, 0.25, 4),
    true,
  );
  const scale = scaleOf(column)!;
  assert.deepEqual([scale.low, scale.high], [-4, 4]);
  assert.equal(levelOf(0, scale), 0.5);
  assert.equal(levelOf(-4, scale), 0);
  assert.equal(levelOf(9, scale), 1);
  for (const value of column.values)
    assert.ok(Math.abs(valueAt(levelOf(value, scale), scale) - value) < 1e-12);
  assert.ok(Number.isNaN(levelOf(NaN, scale)));
});

const CHANGE = {
  measure: "loss",
  split: "val",
  grouping: "overall",
  group: "all",
  field: null,
  n: 40,
  mean_a: 1,
  mean_b: 0.5,
  difference: -0.5,
  interval: [-0.7, null],
  verdict: "better",
};

test("what ml.compare logged is read, and what is odd in it is left out", () => {
  const insight = { kind: "overfitting", status: "appeared", a: null, b: { title: "<b>new</b>" } };
  const resolved = { kind: "leakage", status: "resolved", a: { title: "old" }, b: null };
  const document = {
    a: { name: "first" },
    insights: [insight, resolved, null, { kind: 3 }],
    refused: [{ name: "loss", reason: "classes" }, 7],
    measures: [{ name: "loss", direction: "lower" }, { direction: "higher" }],
    shared: { val: 40, odd: "many" },
    tested_split: "val",
    changes: [CHANGE, { ...CHANGE, interval: null }, { ...CHANGE, n: "3" }, "x"],
    agreement: { n: 40, cka: null, k: 15, neighbor_overlap: 0.4, chance: 0.01 },
  };
  const found = parsed(document, "run", "folder")!;
  assert.deepEqual(
    found.insights.map(({ status, title }) => [status, title]),
    [
      ["appeared", "<b>new</b>"],
      ["resolved", "old"],
    ],
  );
  assert.deepEqual(found.changes, [CHANGE]);
  assert.deepEqual([found.measures, found.shared], [["loss"], { val: 40 }]);
  assert.equal(found.agreement!.neighbor_overlap, 0.4);
  assert.equal(
    parsed({ ...document, agreement: { cka: "high" } }, "run", "folder")!.agreement,
    null,
  );
  assert.deepEqual(found.refused, [{ name: "loss", reason: "classes" }]);
  for (const odd of [null, 3, [], {}, { a: { name: "x" } }])
    assert.equal(parsed(odd, "run", "folder"), null);
});
