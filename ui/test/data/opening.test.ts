/** A file that comes in pieces: opened when what is drawn first is here. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isThere, open } from "../../src/data/opening";
import { Dataset } from "../../src/data/dataset";
import { PayloadWriter, HEADER, random } from "../worlds";

const COLUMN = {
  kind: "number",
  field: null,
  group: "metadata",
  label: "",
  scale: null,
  categories: null,
  integer: false,
  missing: 0,
  minimum: 0,
  maximum: 9,
  description: "",
};

function fileOf(sizes: boolean): { bytes: Uint8Array; first: number } {
  const writer = new PayloadWriter();
  const loss = writer.add(Float32Array.from({ length: 1000 }, (_, i) => i));
  const late = writer.add(Float32Array.from({ length: 30_000 }, (_, i) => 2 * i));
  const columns = [
    { ...COLUMN, name: "loss", data: loss },
    { ...COLUMN, name: "late", data: late },
  ];
  const known = sizes ? { data_bytes: 124_000, first_bytes: 4000 } : {};
  const bytes = new Uint8Array(writer.finish({ ...HEADER, n: 1000, columns, ...known }));
  return { bytes, first: bytes.length - 120_000 };
}

/** The file in pieces of any size; `gate` holds back what comes after `until`. */
async function* inPieces(
  bytes: Uint8Array,
  until = Infinity,
  gate: Promise<void> = Promise.resolve(),
) {
  const next = random(4);
  for (let at = 0; at < bytes.length;) {
    if (at >= until) await gate;
    const end = at < until ? Math.min(until, at + 1 + Math.floor(3000 * next())) : at + 7000;
    yield bytes.slice(at, end);
    at = end;
  }
}

test("the first view can be read before the rest is here, and the rest is filled in", async () => {
  const { bytes, first } = fileOf(true);
  let release = () => {};
  const gate = new Promise<void>((fulfil) => (release = fulfil));
  const opening = await open(inPieces(bytes, first, gate));
  const dataset = new Dataset(opening.payload);
  const [loss, late] = dataset.header.columns;
  assert.deepEqual([isThere(opening, loss!.data), isThere(opening, late!.data)], [true, false]);
  const values = dataset.column("loss");
  assert.ok(values?.kind === "number" && values.values[999] === 999);
  release();
  await opening.whole;
  const rest = dataset.column("late");
  assert.ok(rest?.kind === "number" && rest.values[29_999] === 59_998);
});

test("pieces of any size, and bytes beyond the end", async () => {
  const { bytes } = fileOf(true);
  const longer = new Uint8Array(bytes.length + 5000);
  longer.set(bytes);
  for (const file of [bytes, longer]) {
    const opening = await open(inPieces(file));
    await opening.whole;
    assert.equal(opening.payload.array(opening.payload.header.columns[1]!.data)[7], 14);
  }
});

test("an older file, which does not say how long it is, is read to its end", async () => {
  const opening = await open(inPieces(fileOf(false).bytes));
  await opening.whole;
  assert.ok(isThere(opening, { type: "utf8", offset: 0, length: 9 }));
  assert.equal(opening.payload.array(opening.payload.header.columns[1]!.data)[29_999], 59_998);
});

test("sizes that cannot be are not believed", async () => {
  for (const data_bytes of [1e15, -4, 0.5, "124000"]) {
    const writer = new PayloadWriter();
    const data = writer.add(Float32Array.of(1, 2, 3));
    const columns = [{ ...COLUMN, name: "loss", data }];
    const sizes = { data_bytes, first_bytes: 4 };
    const bytes = new Uint8Array(writer.finish({ ...HEADER, n: 3, columns, ...sizes }));
    const opening = await open(inPieces(bytes));
    await opening.whole;
    assert.deepEqual([...opening.payload.array(data)], [1, 2, 3]);
  }
});

test("a file that breaks off, or is none, says so", async () => {
  const { bytes, first } = fileOf(true);
  const late = await open(inPieces(bytes.slice(0, first + 100)));
  await assert.rejects(late.whole, /cut short/);
  await assert.rejects(async () => (await open(inPieces(bytes.slice(0, 2)))).whole, /cut short/);
  await assert.rejects(async () => (await open(inPieces(bytes.slice(0, 50)))).whole, /cut short/);
  const page = new TextEncoder().encode("<!doctype html>".repeat(400));
  await assert.rejects(async () => (await open(inPieces(page))).whole, /cut short|not an analysis/);
});
