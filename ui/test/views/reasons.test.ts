/** Why a sample is in an insight: only what is true of this very sample. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { InsightHeader } from "../../src/payload";
import { reasonsOf } from "../../src/views/samples/detail/reasons";
import { yamlOf } from "../../src/views/insights/yaml";
import { datasetOf } from "../worlds";

const dataset = datasetOf({
  n: 3,
  numbers: { loss: Float32Array.of(2, 0.1, NaN), brightness: Float32Array.of(0.9, 0.2, 0.9) },
  categories: {
    cluster_fine: { codes: Uint8Array.of(1, 0, 255), names: ["fine/0", "fine/1"] },
    camera: { codes: Uint8Array.of(0, 1, 0), names: ["left", "right"] },
  },
});

const field = { effect: 0.5, effect_name: "", interval: [0, 1], q_value: 0, similar_fields: [] };
const insight = {
  kind: "low_performance",
  region: "fine/1+fine/2",
  metadata: [
    { ...field, name: "brightness", direction: "higher", category: null, inside: 0.8, outside: 0.3 },
    { ...field, name: "camera", direction: "more_frequent", category: "left", inside: 1, outside: 0.4 },
    { ...field, name: "gone", direction: "lower", category: null, inside: 1, outside: 2 },
  ],
} as unknown as InsightHeader;

test("region, scores and fields, as far as they hold", () => {
  assert.deepEqual(reasonsOf(dataset, insight, 0), [
    "lies in region fine/1",
    "loss 2",
    "brightness 0.9 (median elsewhere 0.3)",
    "camera left (40 % elsewhere)",
  ]);
  assert.deepEqual(reasonsOf(dataset, insight, 1), ["loss 0.1"]);
  assert.deepEqual(reasonsOf(dataset, { ...insight, kind: "strange", region: null, metadata: [] }, 0), []);
});

test("an expectation as YAML, whatever its texts hold", () => {
  const expectation = {
    filter: 'size < 0.2 and class == "a: b"',
    metric: "loss / rest",
    comparison: "<=",
    threshold: 1.25,
    name: "",
    samples: null,
    samples_of: null,
  } as const;
  assert.equal(
    yamlOf(expectation, { key: "abc" }, "run"),
    '- filter: "size < 0.2 and class == \\"a: b\\""\n  metric: "loss / rest"\n  comparison: "<="\n  threshold: 1.25\n',
  );
  const named = { ...expectation, filter: "in samples", name: "mine" };
  assert.match(yamlOf(named, { key: "abc" }, "run"), /^- name: "mine"\n[^]*samples_of: "run\/abc"\n$/);
  assert.doesNotMatch(yamlOf(named, { key: "abc" }, null), /samples_of/);
});
