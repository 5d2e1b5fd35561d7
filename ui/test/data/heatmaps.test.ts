/** Heat-maps: found by sample, what cannot be shown left out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HeatMaps, isFaithful, quoted } from "../../src/data/heatmaps";
import { heatColors } from "../../src/views/samples/detail/heat";
import { PayloadWriter } from "../worlds";

const KIND = {
  what: "class",
  method: "grad-cam",
  layer: "late",
  label: "class, Grad-CAM",
  meaning: "Strong where the model sees the class.",
  quantity: "the log-probability",
  measured: "fall",
};

function fileOf(change: object = {}): ArrayBuffer {
  const writer = new PayloadWriter();
  const header = {
    schema_version: 1,
    split: "val",
    epoch: 3,
    size: 2,
    confidence: 0.95,
    kinds: [KIND, { ...KIND, what: "loss", label: "loss, gradient" }],
    sample_id: writer.add(["a", "<b>", ""]),
    first: writer.add(Uint32Array.of(0, 2, 3, 4)),
    kind: writer.add(Uint8Array.of(0, 1, 1, 0)),
    target: writer.add(["class 8", "loss", "", "class 1"]),
    values: writer.add(Uint8Array.from({ length: 16 }, (_, i) => [0, 255, 51, 102][i % 4]!)),
    scale: writer.add(Float32Array.of(0, 2, 1, 5, 3, 3, 0, 1)),
    advantage: writer.add(Float32Array.of(1, 0.5, 1.5, 1, -0.5, 2, NaN, NaN, NaN, NaN, NaN, NaN)),
    notes: [],
    ...change,
  };
  return writer.finish(header);
}

test("the maps of a sample, with what is said of them", () => {
  const maps = new HeatMaps(fileOf());
  const [first, second, ...more] = maps.of("a");
  assert.equal(more.length, 0);
  assert.deepEqual(
    [first!.target, first!.kind.label, first!.size],
    ["class 8", "class, Grad-CAM", 2],
  );
  assert.deepEqual([...first!.codes], [0, 255, 51, 102]);
  // Its least value is a fifth of its greatest: nothing of it is nothing.
  assert.deepEqual([...second!.codes], [51, 255, 91, 132]);
  assert.deepEqual([first!, second!].map(isFaithful), [true, false]);
  assert.equal(isFaithful(maps.of("")[0]!), null);
  assert.deepEqual(maps.of("<b>"), []); // the same everywhere: it shows nothing
  assert.deepEqual(maps.of("unknown"), []);
});

test("a file that cannot be read says what to do", () => {
  const whole = fileOf();
  assert.throws(() => new HeatMaps(whole.slice(0, 3)), /cut short/);
  assert.throws(() => new HeatMaps(whole.slice(0, whole.byteLength - 60)).of("a"), /cut short/);
  assert.throws(() => new HeatMaps(fileOf({ schema_version: 9 })), /schema version 9/);
  assert.throws(
    () => new HeatMaps(new TextEncoder().encode("<!doctype html>").buffer),
    /cut short|not a file/,
  );
});

test("strong places are opaque, places of nothing are clear", () => {
  const colors = heatColors(Uint8Array.of(0, 128, 255));
  const alpha = [3, 7, 11].map((place) => colors[place]!);
  assert.ok(alpha[0] === 0 && alpha[1]! > 100 && alpha[1]! < 200 && alpha[2] === 255);
  assert.deepEqual([...colors.slice(8, 11)], [255, 236, 130]);
});

test("a split's file is named as Python names it", () => {
  // `quote("a/b (1)!'*é", safe="")`
  assert.equal(quoted("a/b (1)!'*é"), "a%2Fb%20%281%29%21%27%2A%C3%A9");
});
