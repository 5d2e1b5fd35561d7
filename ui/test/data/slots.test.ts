/** Places for pictures: a key keeps its place while it is used. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Slots } from "../../src/data/slots";
import { random } from "../worlds";

test("the key longest unused gives way", () => {
  const slots = new Slots(2);
  const [a, b] = [slots.take(7), slots.take(8)];
  assert.deepEqual([a, b], [0, 1]);
  assert.equal(slots.find(7), a);
  assert.equal(slots.take(9), b);
  assert.equal(slots.find(8), undefined);
  assert.equal(slots.find(7), a);
});

test("no two keys share a place, and places never run out", () => {
  const slots = new Slots(16);
  const next = random(3);
  for (let turn = 0; turn < 2000; turn++) {
    const key = Math.floor(60 * next());
    const place = slots.find(key) ?? slots.take(key);
    assert.ok(place >= 0 && place < 16);
  }
  const places = Array.from({ length: 60 }, (_, key) => slots.find(key)).filter(
    (place) => place !== undefined,
  );
  assert.equal(places.length, 16);
  assert.equal(new Set(places).size, 16);
});
