/** Named sets and bins as filters: what is kept comes back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Dataset } from "../../src/data/dataset";
import { derivedCategories, derivedNumbers } from "../../src/data/columns";
import type { CurveBin } from "../../src/payload";
import type { Filter } from "../../src/state/filters";
import { makeBins } from "../../src/views/curves/bins";
import { filterOfBins, keptBins } from "../../src/views/curves/filters";
import { packSet, setsOf, slugOf, unpackSet } from "../../src/views/selection/sets";

const ids = ["a", "b", "c,\nd"];
const dataset = {
  split: () => "val",
  sampleId: (row: number) => ids[row],
  row: (split: string, id: string) => (split === "val" ? ids.indexOf(id) : -1),
  column: (name: string) => (name === "loss" ? {} : undefined),
  insight: (key: string) => (key === "abc" ? { key } : undefined),
  insightRows: () => Uint32Array.of(2),
} as unknown as Dataset;

const tagOf = (name: string, filters: Filter[]) => ({
  [`latent.set.${slugOf(name)}`]: packSet(name, filters, dataset),
});

test("a set comes back from its tag", () => {
  const filters: Filter[] = [
    { type: "range", column: "loss", low: 0.5, high: 2 },
    {
      type: "lasso",
      projection: 0,
      polygon: [
        [0, 0],
        [1, 0],
        [0, 1],
      ],
    },
    { type: "rows", label: "mine", rows: Uint32Array.of(0, 2), source: { set: "hard-ones" } },
    { type: "rows", label: "insight", rows: Uint32Array.of(2), source: { insight: "abc" } },
  ];
  const [set] = setsOf(tagOf("Hard ones", filters));
  assert.equal(set!.name, "Hard ones");
  assert.deepEqual(unpackSet(set!, dataset), filters);
});

test("a set that names what is not here is not half applied", () => {
  const [set] = setsOf(tagOf("x", [{ type: "range", column: "gone", low: 0, high: 1 }]));
  assert.equal(unpackSet(set!, dataset), null);
});

test("a tag that is no set is left out", () => {
  const tags = {
    "latent.set.a": "{}",
    "latent.set.b": "[",
    "latent.set.c": '{"name":"c","filters":[{"type":"rows","label":1}]}',
    "latent.set.d": '{"name":"d","filters":[{"type":"range","column":"loss","low":"0"}]}',
    x: "y",
  };
  assert.deepEqual(setsOf(tags), []);
});

test("too many single samples are refused with what to do", () => {
  const rows = Uint32Array.from({ length: 20_000 }, () => 2);
  assert.throws(() => packSet("x", [{ type: "rows", label: "many", rows }], dataset), /CSV/);
});

test("slugs are safe in a tag's key", () => {
  assert.equal(slugOf("Hard: ones / É"), "hard-ones-e");
  assert.match(slugOf("難しい"), /^set-[a-z0-9]+$/);
  assert.notEqual(slugOf("難"), slugOf("易"));
});

test("the filters of all bins together keep every row once", () => {
  const values = Float32Array.from({ length: 500 }, (_, i) =>
    Math.fround(Math.sin(i) * 3 + (i % 7)),
  );
  const column = derivedNumbers({ name: "x", label: "x" }, values);
  const rows = Uint32Array.from(values.keys());
  for (const binning of ["quantile", "equal_width"] as const) {
    const bins = makeBins(column, rows, binning);
    const asCurve = bins.spans.map((span) => ({
      ...span,
      n: 1,
      mean: 0,
      interval: [null, null] as [null, null],
    }));
    const seen = new Uint8Array(values.length);
    asCurve.forEach((_, i) => {
      const filter = filterOfBins(column, asCurve, i, i) as Filter & { type: "range" };
      for (const row of rows)
        if (values[row]! >= filter.low && values[row]! <= filter.high) {
          assert.equal(bins.place(row), i);
          seen[row]!++;
        }
      assert.deepEqual(
        keptBins(filter, asCurve)!
          .map((kept, bin) => kept && bin)
          .filter((bin) => bin !== false),
        [i],
      );
    });
    assert.ok(
      seen.every((times) => times === 1),
      binning,
    );
  }
});

test("a bin of categories keeps its category, and (other) the rest", () => {
  const categories = ["a", "b", "c"];
  const column = derivedCategories({ name: "k", label: "k" }, Uint8Array.of(0, 1, 2), categories);
  const bins: CurveBin[] = ["b", "(other)"].map((label) => ({
    label,
    lower: null,
    upper: null,
    n: 1,
    mean: 0,
    interval: [null, null],
  }));
  assert.deepEqual(filterOfBins(column, bins, 0, 0), {
    type: "categories",
    column: "k",
    categories: ["b"],
  });
  const others = filterOfBins(column, bins, 1, 1)!;
  assert.deepEqual(others, { type: "categories", column: "k", categories: ["a", "c"] });
  assert.deepEqual(keptBins(others, bins), [false, true]);
});
