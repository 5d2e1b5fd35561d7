/** The page's statistics against scipy and the analysis's own code, and against slow definitions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import scipy from "./reference.json";
import { makeBins, type Binning } from "../../src/views/curves/bins";
import { derivedNumbers } from "../../src/data/columns";
import { curveSeries } from "../../src/views/curves/compute";
import { apartness, shareSeries } from "../../src/views/curves/distribution";
import { random } from "../worlds";
import { normalQuantile, studentQuantile } from "../../src/views/selection/distributions";
import {
  cliffsDelta,
  meanDifference,
  meanInterval,
  moments,
  percentileOfSorted,
  quantileOfSorted,
  shareDifference,
  type Evidence,
} from "../../src/views/selection/evidence";
import { sidesOf, thin } from "../../src/views/selection/sampling";
import { rankSeparations, separate, type Values } from "../../src/views/selection/separation";

const reference: any = scipy;
const CONFIDENCE = 0.95;

const close = (
  got: number | null,
  wanted: number | null,
  tolerance: number,
  what: string,
): void => {
  if (got === null || wanted === null) assert.equal(got, wanted, what);
  else
    assert.ok(
      Math.abs(got - wanted) <= tolerance * Math.max(1, Math.abs(wanted)),
      `${what}: ${got} is not ${wanted}`,
    );
};

const same = ({ effect, lower, upper }: Evidence, wanted: number[], tolerance = 1e-9): void =>
  [effect, lower, upper].forEach((value, i) =>
    close(value, wanted[i]!, tolerance, ["effect", "lower", "upper"][i]!),
  );

test("quantiles of the normal and of Student are those of scipy", () => {
  for (const [p, wanted] of reference.normal)
    close(normalQuantile(p), wanted, 1e-9, `normal at ${p}`);
  for (const [p, degrees, wanted] of reference.student)
    close(studentQuantile(p, degrees), wanted, 2e-8, `t(${degrees}) at ${p}`);
  assert.ok(Number.isNaN(studentQuantile(0.9, 0)));
});

test("Cliff's delta and its interval are those of the analysis, ties and all", () => {
  for (const { inside, outside, evidence } of reference.superiority)
    same(cliffsDelta(Float32Array.from(inside), Float32Array.from(outside), CONFIDENCE), evidence);
});

test("Cliff’s delta counts pairs", () => {
  const [inside, outside] = [Float32Array.of(3, 1, 2, 2), Float32Array.of(2, 5, 0, 2, 1)];
  let sum = 0;
  for (const a of inside) for (const b of outside) sum += Math.sign(a - b);
  close(cliffsDelta(inside, outside, CONFIDENCE).effect, sum / 20, 1e-12, "delta");
});

test("differences of shares and of means are those of the analysis", () => {
  for (const { first, second, evidence } of reference.shares)
    same(shareDifference(first, second, CONFIDENCE), evidence);
  for (const { first, second, interval, difference } of reference.means) {
    same(meanInterval(moments(first), CONFIDENCE), interval);
    same(meanDifference(moments(first), moments(second), CONFIDENCE), difference);
  }
});

test("means leave out what is not a number, and one value has no interval", () => {
  const of = moments([1, NaN, 3, Infinity]);
  assert.deepEqual([of.n, of.mean, of.variance], [2, 2, 2]);
  assert.ok(Number.isNaN(meanInterval(moments([4]), CONFIDENCE).lower));
  assert.ok(Number.isNaN(moments([]).mean));
});

test("quantiles and percentiles are those of numpy and scipy", () => {
  const { values, quantiles, percentile, of } = reference.quantiles;
  for (const [share, wanted] of quantiles)
    close(quantileOfSorted(values, share), wanted, 1e-7, `quantile ${share}`);
  close(percentileOfSorted(Float32Array.from(values), of), percentile, 1e-9, "percentile");
});

const data = reference.curves;
const numbers = (values: (number | null)[]): Float32Array =>
  Float32Array.from(values, (value) => value ?? NaN);
const rowsOf = (split: string): Uint32Array =>
  Uint32Array.from([...data.split.keys()].filter((i: number) => data.split[i] === split));

function columnOf(field: string): Values {
  if (field !== "category") return { kind: "number", values: numbers(data[field]) };
  const categories: string[] = [...new Set<string>(data.category)].sort();
  const codes = Uint8Array.from(data.category, (name: string) => categories.indexOf(name));
  return { kind: "category", codes, categories, missingCode: 255 };
}

test("curves of the page are those of the analysis: bins, n, means and intervals", () => {
  const splits = new Map([
    ["train", rowsOf("train")],
    ["val", rowsOf("val")],
  ]);
  const all = Uint32Array.from(data.split.keys());
  assert.ok(data.curves.length >= 4);
  for (const { field, binning, series } of data.curves) {
    const bins = makeBins(columnOf(field), all, binning as Binning);
    const mine = curveSeries(bins, numbers(data.loss), splits, CONFIDENCE);
    assert.deepEqual(Object.keys(mine).sort(), Object.keys(series).sort());
    for (const split of Object.keys(series)) {
      assert.equal(mine[split]!.length, series[split].length, `${field} ${binning}`);
      series[split].forEach((wanted: any, i: number) => {
        const got = mine[split]![i]!;
        assert.equal(got.n, wanted.n, `${field} ${binning} ${split} bin ${i}`);
        close(got.lower, wanted.lower, 1e-5, "lower edge");
        close(got.upper, wanted.upper, 1e-5, "upper edge");
        close(got.mean, wanted.mean, 1e-5, "mean");
        close(got.interval[0], wanted.interval[0], 2e-5, "lower bound");
        close(got.interval[1], wanted.interval[1], 2e-5, "upper bound");
      });
    }
  }
});

test("a column of nothing has no bins, and a bin of one sample has no interval", () => {
  const empty: Values = { kind: "number", values: Float32Array.of(NaN, NaN) };
  assert.equal(makeBins(empty, Uint32Array.of(0, 1), "quantile").spans.length, 0);
  const one: Values = { kind: "number", values: Float32Array.of(7, NaN) };
  const series = curveSeries(
    makeBins(one, Uint32Array.of(0, 1), "quantile"),
    [2, 3],
    new Map([["val", Uint32Array.of(0, 1)]]),
    CONFIDENCE,
  );
  assert.deepEqual(series["val"], [
    { label: "7", lower: 7, upper: 7, n: 1, mean: 2, interval: [null, null] },
  ]);
});

test("the rest are the rows of the same splits", () => {
  const splits = [0, 0, 1, 1, 1, 2];
  const sides = sidesOf(
    6,
    (row) => row === 0 || row === 3,
    (row) => splits[row]!,
  );
  assert.deepEqual([...sides.inside], [0, 3]);
  assert.deepEqual([...sides.outside], [1, 2, 4]);
});

test("thinning keeps the order, is the same every time, and takes from everywhere", () => {
  const rows = Uint32Array.from({ length: 10_000 }, (_, i) => i);
  const some = thin(rows, 100);
  assert.equal(some.length, 100);
  assert.deepEqual(some, thin(rows, 100));
  some.forEach((row, i) => assert.equal(Math.floor(row / 100), i));
  assert.equal(thin(some, 100), some);
});

test("what separates is found, by the right category and direction", () => {
  const inside = Uint32Array.from({ length: 50 }, (_, i) => i);
  const outside = Uint32Array.from({ length: 150 }, (_, i) => i + 50);
  const bright = Float32Array.from({ length: 200 }, (_, i) => (i < 50 ? 100 + i : i % 50));
  const codes = Uint8Array.from({ length: 200 }, (_, i) =>
    i % 20 === 0 ? 255 : i < 50 ? 2 : i % 2,
  );
  const number = separate({ kind: "number", values: bright }, inside, outside, CONFIDENCE)!;
  const category = separate(
    { kind: "category", codes, categories: ["a", "b", "c"], missingCode: 255 },
    inside,
    outside,
    CONFIDENCE,
  )!;
  assert.equal(number.effect, 1);
  assert.equal(number.inside, 124.5);
  assert.equal(category.category, "c");
  assert.equal(category.inside, 1);
  assert.equal(category.insideCount, 47);
  const ranked = rankSeparations([
    { name: "weak", found: { ...number, effect: 0.2, lower: 0.1 } },
    { name: "unclear", found: { ...number, effect: 0.9, lower: -0.1 } },
    { name: "strong", found: number },
  ]);
  assert.deepEqual(
    ranked.map((one) => one.name),
    ["strong", "weak", "unclear"],
  );
});

test("too few values, or one value everywhere, say nothing", () => {
  const [inside, outside] = [Uint32Array.of(0, 1), Uint32Array.of(2, 3, 4)];
  assert.equal(
    separate({ kind: "number", values: [1, 2, 3, 4, 5] }, inside, outside, CONFIDENCE),
    null,
  );
  const same: Values = { kind: "number", values: new Float32Array(9).fill(4) };
  assert.equal(
    separate(same, Uint32Array.of(0, 1, 2), Uint32Array.of(3, 4, 5, 6), CONFIDENCE),
    null,
  );
});

test("how far splits are apart, beyond what chance gives their sizes", () => {
  const next = random(8);
  const sample = (n: number, shift: number) => {
    const counts = new Uint32Array(11);
    for (let i = 0; i < n; i++) counts[Math.min(9, Math.floor(10 * next() + shift))]!++;
    counts[10] = Math.floor(1000 * next()); // the missing do not take part
    return counts;
  };
  const alike = Array.from({ length: 40 }, () =>
    apartness(
      new Map([
        ["train", sample(3000, 0)],
        ["target", sample(30, 0)],
      ]),
    ),
  );
  const mean = alike.reduce((sum, one) => sum + one, 0) / alike.length;
  assert.ok(mean < 0.05, `${mean}`);
  const apart = apartness(
    new Map([
      ["train", sample(3000, 0)],
      ["val", sample(900, 0)],
      ["target", sample(30, 4)],
    ]),
  );
  assert.ok(apart > 0.2, `${apart}`);
  assert.equal(
    apartness(
      new Map([
        ["train", sample(50, 0)],
        ["none", new Uint32Array(11)],
      ]),
    ),
    0,
  );
});

test("shares of each split's own samples, with intervals, splits without values left out", () => {
  const field = derivedNumbers({ name: "x", label: "x" }, Float32Array.of(1, 1, 2, 2, 2, 1, NaN));
  const splits = new Map([
    ["train", Uint32Array.of(0, 1, 2, 3)],
    ["target", Uint32Array.of(4, 5)],
    ["none", Uint32Array.of(6)],
  ]);
  const series = shareSeries(makeBins(field, [0, 1, 2, 3, 4, 5, 6], "equal_width"), splits, 0.95);
  assert.deepEqual(Object.keys(series), ["train", "target"]);
  assert.deepEqual(
    series["train"]!.map(({ n, mean }) => [n, mean]),
    [
      [2, 0.5],
      [2, 0.5],
    ],
  );
  for (const {
    interval: [lower, upper],
    mean,
  } of series["target"]!)
    assert.ok(lower! >= 0 && lower! < mean! && mean! < upper! && upper! <= 1);
});
