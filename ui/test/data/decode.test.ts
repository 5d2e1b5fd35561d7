import assert from "node:assert/strict";
import test from "node:test";
import { Dataset } from "../../src/data/dataset";
import { PageError } from "../../src/data/errors";
import { routeOf } from "../../src/data/open";
import { HEADER, datasetOf, payloadOf, PayloadWriter } from "../worlds";

test("values come back as they were written", () => {
  const dataset = datasetOf({
    n: 3,
    numbers: { loss: Float32Array.from([1.5, NaN, -2]) },
    quantized: { q: { codes: Uint16Array.from([0, 65534, 65535]), offset: 1, factor: 0.5 } },
    categories: { split: { codes: Uint8Array.from([1, 0, 1]), names: ["train", "vál"] } },
    texts: { sample_id: ["a", "", "ü<b>"] },
    planes: [{ x: Uint16Array.from([0, 32767, 65534]), y: Uint16Array.from([65535, 0, 0]) }],
  });
  assert.deepEqual(dataset.sampleId(2), "ü<b>");
  assert.equal(dataset.split(0), "vál");
  assert.equal(dataset.row("vál", "ü<b>"), 2);
  assert.equal(dataset.row("train", "ü<b>"), -1);
  const q = dataset.column("q")!;
  assert.ok(q.kind === "number");
  assert.deepEqual([...q.values], [1, 32768, NaN]);
  const { x, y } = dataset.plane(0)!;
  assert.deepEqual([...x], [-1, 0, 1]);
  assert.ok(Number.isNaN(y[0]!));
  assert.equal(dataset.plane(1), undefined);
});

test("a dataset without samples", () => {
  const dataset = datasetOf({
    n: 0,
    numbers: { loss: new Float32Array(0) },
    texts: { sample_id: [] },
  });
  assert.equal(dataset.n, 0);
  assert.equal(dataset.row("train", "a"), -1);
});

const failure = (bytes: ArrayBuffer) => {
  try {
    const dataset = Dataset.read(bytes);
    for (let row = 0; row < dataset.n; row++) dataset.sampleId(row);
  } catch (error) {
    assert.ok(error instanceof PageError, String(error));
    return error;
  }
  return null;
};

test("a file cut short anywhere says so", () => {
  const whole = payloadOf({
    n: 3,
    numbers: { a: Float32Array.from([1, 2, 3]) },
    texts: { sample_id: ["a", "b", "c"] },
  });
  assert.equal(failure(whole), null);
  for (const length of [0, 3, 4, 100, whole.byteLength - 8]) {
    const error = failure(whole.slice(0, length));
    assert.match(error!.message, /analyze/);
  }
});

test("what is no analysis, and one of a newer schema, say what to do", () => {
  const text = new TextEncoder().encode("<!doctype html><p>404</p>");
  assert.ok(failure(text.buffer as ArrayBuffer));
  const other = new PayloadWriter().finish({ hello: 1 });
  assert.match(failure(other)!.title, /not an analysis/);
  const newer = new PayloadWriter().finish({ ...HEADER, n: 0, columns: [], schema_version: 99 });
  assert.match(failure(newer)!.message, /99.*Upgrade mlflow-latent/s);
});

test("addresses and their pages, whatever stands before them", () => {
  assert.deepEqual(routeOf("/prefix/latent/run/abc", "?epoch=4"), { page: "run", epoch: 4 });
  assert.deepEqual(routeOf("/latent/run/abc/", ""), { page: "run", epoch: undefined });
  assert.deepEqual(routeOf("/latent/compare", "?run=a&run=b"), {
    page: "compare",
    runs: ["a", "b"],
  });
  assert.deepEqual(routeOf("/latent/", ""), { page: "runs" });
});
