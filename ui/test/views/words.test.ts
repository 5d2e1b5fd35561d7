/** Numbers, effects and base rates as a person reads them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { derivedCategories, derivedNumbers } from "../../src/data/columns";
import { reviewsOf } from "../../src/views/insights/reviews";
import { bounds, count, number, percent, typed, valueText } from "../../src/parts/format";
import { shorten, shortenMiddle } from "../../src/parts/text";
import { certainty, fieldWords, rates, scaleOf, size } from "../../src/views/insights/words";
import { quantileOfCounts } from "../../src/views/samples/detail/learning";
import { percentile, rarity } from "../../src/views/samples/detail/unusual";
import { moveBy, stepTo } from "../../src/views/samples/detail/trail";

test("numbers have three digits, thousands and a real minus", () => {
  const cases: [number | null, string][] = [
    [0.03124, "0.0312"],
    [6.2, "6.2"],
    [12400.4, "12,400"],
    [-0.5, "−0.5"],
    [0, "0"],
    [0.00001234, "1.23e−5"],
    [null, "unknown"],
    [NaN, "unknown"],
    [-Infinity, "−∞"],
    [999.6, "1000"],
    [2.5e21, "2.50e+21"],
  ];
  for (const [value, words] of cases) assert.equal(number(value), words);
  assert.equal(count(1), "1 sample");
  assert.equal(count(12400), "12,400 samples");
});

test("values of a row: years without a comma, a dash where there is none", () => {
  const column = derivedNumbers({ name: "x", label: "x" }, Float32Array.of(0.12345, NaN, 2015));
  assert.deepEqual(
    [0, 1, 2].map((row) => valueText(column, row)),
    ["0.123", "–", "2,015"],
  );
  const years = { ...column, values: column.values, integer: true };
  assert.equal(valueText(years, 2), "2015");
  const classes = derivedCategories({ name: "c", label: "c" }, Uint8Array.of(1, 255), ["a", "b"]);
  assert.deepEqual(
    [0, 1].map((row) => valueText(classes, row)),
    ["b", "–"],
  );
  assert.deepEqual([0.00012345, 1234.5678].map(typed), ["1.23e-4", "1234.57"]);
});

test("shares are percentages", () => {
  assert.equal(percent(0.72), "72 %");
  assert.equal(percent(0.041), "4.1 %");
  assert.equal(percent(0.05), "5 %");
  assert.equal(percent(0), "0 %");
  assert.equal(percent(-0.3), "−30 %");
});

test("an effect says what it is, and how sure that is", () => {
  assert.equal(scaleOf("mean loss ÷ rest"), "ratio");
  assert.equal(scaleOf("odds ratio val ÷ train"), "ratio");
  assert.equal(scaleOf("log odds ratio"), "difference");
  assert.equal(scaleOf("share of val"), "share");
  assert.equal(scaleOf("train–val gap − gap of the rest"), "difference");
  assert.equal(size(4.328, "ratio"), "4.33 ×");
  assert.equal(
    certainty({ interval: [2.4, 7.82], effect_name: "mean loss ÷ rest" }, 0.95),
    "95 % interval 2.4 × to 7.82 ×",
  );
  assert.equal(
    certainty({ interval: [2, null], effect_name: "share of val" }, 0.9),
    "90 % sure: 200 % or more",
  );
  assert.match(certainty({ interval: [null, null], effect_name: "x" }, 0.9), /no interval/);
  assert.equal(bounds([null, 3]), "3 or less");
});

test("base rates are named for people and know their unit", () => {
  const found = rates({
    base_rates: {
      mean_loss_region: 0.5,
      mean_loss_rest_of_val: 0.12,
      share_of_train: 0.005,
      hard_in_region: 1 / 3,
      hard_in_rest_of_train: 0.04,
      groups: 3,
      gap_rest: 0.1,
    },
  });
  assert.deepEqual(
    found.map(({ name, text, unit, isInside }) => [name, text, unit, isInside]),
    [
      ["mean loss, here", "0.5", "loss", true],
      ["mean loss, rest of val", "0.12", "loss", false],
      ["of train lies here", "0.5 %", "share", false],
      ["hard to learn, here", "33 %", "share", true],
      ["hard to learn, rest of train", "4 %", "share", false],
      ["groups", "3", "count", false],
      ["gap, elsewhere", "0.1", "loss", false],
    ],
  );
  assert.equal(fieldWords({ category: "cat", inside: 0.5, outside: 0.01 }), "50 %, elsewhere 1 %");
});

test("names of any length fit, and lose no half of a letter", () => {
  assert.equal(shorten("a\n\tb", 10), "a b");
  assert.equal(shorten("😀".repeat(50), 5), "😀😀😀😀…");
  const long = `start${"x".repeat(10_000)}end`;
  assert.ok(shortenMiddle(long, 21).startsWith("start") && shortenMiddle(long, 21).endsWith("end"));
  assert.equal(shortenMiddle(long, 21).length, 21);
});

test("reviews are read from tags, and nothing else is", () => {
  const found = reviewsOf({
    "latent.insight.abc": '{"status":"approved","comment":"<b>yes</b>"}',
    "latent.insight.def": '{"status":"archived"}',
    "latent.insight.bad": "not json",
    "latent.insight.odd": '{"status":"exploded"}',
    "latent.insight.null": "null",
    other: '{"status":"approved"}',
  });
  assert.deepEqual(
    [...found],
    [
      ["abc", { status: "approved", comment: "<b>yes</b>" }],
      ["def", { status: "archived", comment: "" }],
    ],
  );
});

test("a walk goes back and forward, and a new step forgets what lay ahead", () => {
  let walk = [4, 7, 9].reduce(stepTo, { rows: [] as readonly number[], at: -1 });
  walk = stepTo(walk, 9);
  assert.equal(walk.rows.length, 3);
  walk = moveBy(moveBy(walk, -1), -1);
  assert.equal(walk.rows[walk.at], 4);
  assert.equal(moveBy(walk, -1), walk);
  assert.deepEqual(stepTo(walk, 5).rows, [4, 5]);
});

test("quantiles of counted codes, and percentiles of values, by definition", () => {
  const codes = [3, 3, 5, 8, 8, 8, 9];
  const counts = new Uint32Array(16);
  for (const code of codes) counts[code]!++;
  for (const share of [0.01, 0.25, 0.5, 0.75, 1])
    assert.equal(quantileOfCounts(counts, share), codes[Math.ceil(share * codes.length) - 1]);
  assert.ok(Number.isNaN(quantileOfCounts(new Uint32Array(4), 0.5)));
});

test("a value's place and rarity among all values, by definition", () => {
  const numbers = derivedNumbers({ name: "x", label: "x" }, Float32Array.of(1, 2, NaN, 2, 9));
  const none = () => new Uint32Array();
  assert.deepEqual(
    [0, 1, 3, 4].map((row) => percentile(numbers, row)),
    [0.125, 0.5, 0.5, 0.875],
  );
  assert.ok(Number.isNaN(percentile(numbers, 2)));
  assert.deepEqual(
    [0, 1, 4].map((row) => rarity(numbers, row, none)),
    [0.25, 1, 0.25],
  );
  const codes = Uint8Array.of(0, 0, 0, 1, 2, 2, 255, 0);
  const classes = derivedCategories({ name: "c", label: "c" }, codes, ["a", "b", "d"]);
  const totals = () => Uint32Array.of(4, 1, 2, 1);
  assert.deepEqual(
    [0, 3, 4].map((row) => rarity(classes, row, totals)),
    [1, 1 / 7, 3 / 7],
  );
});
