/** The list of runs: what a row says, which rows are kept, and in which order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  arranged,
  kindsText,
  listed,
  NEWEST_FIRST,
  type RunAnswer,
} from "../../src/views/runs/model";

const EXPERIMENTS = new Map([
  ["1", "digits"],
  ["2", "COCO"],
]);

function run(
  id: string,
  metrics: Record<string, number>,
  info: Partial<RunAnswer["info"]> = {},
): RunAnswer {
  return {
    info: {
      run_id: id,
      run_name: `name of ${id}`,
      experiment_id: "1",
      status: "FINISHED",
      start_time: "1000",
      ...info,
    },
    data: { metrics: Object.entries(metrics).map(([key, value]) => ({ key, value, step: "14" })) },
  };
}

const ANALYZED = run("a", {
  "latent/insights_total": 3,
  "latent/insights_overfitting": 1,
  "latent/insights_low_performance": 2,
  "latent/insights_leakage": 0,
  "latent/samples_train": 1347,
  "latent/samples_val": 450,
  "latent/mean_loss_train": 0.04,
  "latent/mean_loss_val": 0.21,
  "latent/accuracy_val": 0.92,
  val_loss: 99,
});

test("a row says what the newest analysis found", () => {
  const row = listed(ANALYZED, EXPERIMENTS);
  assert.deepEqual(
    [
      row.analyzed,
      row.epoch,
      row.samples,
      row.split,
      row.loss,
      row.accuracy,
      row.insights,
      row.experiment,
    ],
    [true, 14, 1797, "val", 0.21, 0.92, 3, "digits"],
  );
  assert.equal(kindsText(row), "2 low performance, 1 overfitting");
});

test("another split stands in where there is no val, and nothing where there is no loss", () => {
  const other = listed(
    run("b", {
      "latent/insights_total": 0,
      "latent/mean_loss_train": 1,
      "latent/mean_loss_fisheye": 2,
    }),
    EXPERIMENTS,
  );
  assert.deepEqual([other.split, other.loss], ["fisheye", 2]);
  const none = listed(run("c", {}, { run_name: "", start_time: undefined }), new Map());
  assert.deepEqual(
    [
      none.analyzed,
      none.insights,
      none.loss,
      none.samples,
      none.started,
      none.name,
      none.experiment,
    ],
    [false, null, null, null, null, "c", "1"],
  );
});

test("every word of the search must be somewhere in the row", () => {
  const rows = [
    listed(ANALYZED, EXPERIMENTS),
    listed(run("b", {}, { experiment_id: "2" }), EXPERIMENTS),
  ];
  const ids = (search: string, experiment: string | null = null) =>
    arranged(rows, search, experiment, NEWEST_FIRST).map(({ id }) => id);
  assert.deepEqual(ids("COCO name"), ["b"]);
  assert.deepEqual(ids("overfit"), ["a"]);
  assert.deepEqual(ids("coco overfit"), []);
  assert.deepEqual(ids("  "), ["a", "b"]);
  assert.deepEqual(ids("", "2"), ["b"]);
  assert.deepEqual(ids("(.*"), []);
});

test("missing values are last in either direction", () => {
  const rows = [
    listed(run("none", {}), EXPERIMENTS),
    listed(run("low", { "latent/mean_loss_val": 1, "latent/insights_total": 1 }), EXPERIMENTS),
    listed(run("high", { "latent/mean_loss_val": 2, "latent/insights_total": 1 }), EXPERIMENTS),
  ];
  const ids = (descending: boolean) =>
    arranged(rows, "", null, { key: "loss", descending }).map(({ id }) => id);
  assert.deepEqual(ids(false), ["low", "high", "none"]);
  assert.deepEqual(ids(true), ["high", "low", "none"]);
});

test("names are sorted as people count, and equal rows newest first", () => {
  const rows = ["run 10", "run 9", "run 9"].map((name, place) =>
    listed(run(String(place), {}, { run_name: name, start_time: place }), EXPERIMENTS),
  );
  const order = arranged(rows, "", null, { key: "name", descending: false }).map(({ id }) => id);
  assert.deepEqual(order, ["2", "1", "0"]);
});
