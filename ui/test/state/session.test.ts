import assert from "node:assert/strict";
import test from "node:test";
import { effect } from "@preact/signals";
import type { NumberColumn } from "../../src/data/columns";
import { hashOf, restored, saved } from "../../src/state/address";
import { filterKey, type Filter } from "../../src/state/filters";
import { Session } from "../../src/state/session";
import { datasetOf, NOWHERE, random, type World } from "../worlds";

const N = 400;

function world(): World {
  const next = random(21);
  const coordinate = () => (next() < 0.05 ? 65535 : Math.floor(next() * 65535));
  return {
    n: N,
    numbers: { loss: Float32Array.from({ length: N }, () => (next() < 0.1 ? NaN : next() * 5)) },
    quantized: { size: { codes: Uint16Array.from({ length: N }, coordinate), offset: -1, factor: 0.0001 } },
    categories: {
      split: { codes: Uint8Array.from({ length: N }, () => Math.floor(next() * 2)), names: ["train", "val"] },
      target: {
        codes: Uint8Array.from({ length: N }, () => (next() < 0.1 ? 255 : Math.floor(next() * 3))),
        names: ["cat", "<img onerror=alert(1)>", ""],
      },
    },
    texts: { sample_id: Array.from({ length: N }, (_, row) => `img-${row}`) },
    planes: [{ x: Uint16Array.from({ length: N }, coordinate), y: Uint16Array.from({ length: N }, coordinate) }],
  };
}

const sessionOf = () => new Session(datasetOf(world()), NOWHERE);

/** Whether a row passes a filter, straight from the filter's meaning. */
function passes(session: Session, filter: Filter, row: number): boolean {
  const { dataset } = session;
  if (filter.type === "rows") return filter.rows.includes(row);
  if (filter.type === "lasso") {
    const { x, y } = dataset.plane(filter.projection)!;
    const box = filter.polygon;
    const [left, right] = [box[0]![0], box[2]![0]];
    const [bottom, top] = [box[0]![1], box[2]![1]];
    return x[row]! > left && x[row]! < right && y[row]! > bottom && y[row]! < top;
  }
  const column = dataset.column(filter.column)!;
  if (filter.type === "text" && column.kind === "text")
    return column.text(row).toLowerCase().includes(filter.query.toLowerCase());
  if (filter.type === "range" && column.kind === "number") {
    const value = column.values[row]!;
    return Number.isNaN(value) ? filter.missing === true : value >= filter.low && value <= filter.high;
  }
  if (filter.type === "categories" && column.kind === "category") {
    const code = column.codes[row]!;
    return code === column.missingCode
      ? filter.missing === true
      : filter.categories.includes(column.categories[code]!);
  }
  throw new Error(`no meaning of ${filter.type}`);
}

function anyFilter(next: () => number): Filter {
  const pick = Math.floor(next() * 6);
  const low = next() * 4;
  const missing = next() < 0.5 ? { missing: true } : {};
  if (pick === 0) return { type: "range", column: "loss", low, high: low + next() * 3, ...missing };
  if (pick === 1) return { type: "range", column: "size", low: low - 1, high: low + 1, ...missing };
  if (pick === 2)
    return { type: "categories", column: "target", categories: ["cat", ""].slice(0, 1 + Math.floor(next() * 2)), ...missing };
  if (pick === 3) return { type: "text", column: "sample_id", query: `IMG-${Math.floor(next() * 4)}` };
  if (pick === 4) {
    const [a, b] = [-next(), next()];
    return { type: "lasso", projection: 0, polygon: [[a, a], [b, a], [b, b], [a, b]] };
  }
  return { type: "rows", label: "set", rows: Uint32Array.from({ length: 200 }, () => next() * N), source: { set: "a" } };
}

test("what passes, how many, and each histogram are what the filters say", () => {
  const session = sessionOf();
  const next = random(22);
  const names = ["loss", "size", "split", "target"];
  const seen = new Map<string, number[]>();
  for (const name of names) effect(() => void seen.set(name, [...session.counts(name).value]));
  for (let step = 0; step < 80; step++) {
    const filter = anyFilter(next);
    if (next() < 0.25) session.removeFilter(filter);
    else session.addFilter(filter);
    const { filters } = session.state.value;
    const passing = (row: number, except = "") =>
      filters.every((one) => filterKey(one) === except || passes(session, one, row));
    const rows = [...Array(N).keys()];
    assert.equal(session.keptCount.value, rows.filter((row) => passing(row)).length);
    assert.ok(rows.every((row) => session.passes(row) === passing(row)));
    for (const name of names) {
      const { bins, size } = session.binning(name)!;
      const counts = Array<number>(size + 1).fill(0);
      for (const row of rows) if (passing(row, `column:${name}`)) counts[bins[row]!]!++;
      assert.deepEqual(seen.get(name), counts);
    }
  }
});

test("undo and redo go through the views, a gesture is one step", () => {
  const session = sessionOf();
  session.addFilter({ type: "range", column: "loss", low: 0, high: 1 });
  const one = session.keptCount.value;
  for (const high of [2, 3, 4])
    session.addFilter({ type: "range", column: "loss", low: 0, high }, { gesture: "brush" });
  session.endGesture();
  session.addFilter({ type: "range", column: "loss", low: 0, high: 4.5 }, { gesture: "brush" });
  session.undo();
  session.undo();
  assert.equal(session.keptCount.value, one);
  session.undo();
  assert.equal(session.keptCount.value, N);
  assert.ok(!session.canUndo.value && session.canRedo.value);
  session.redo();
  assert.equal(session.keptCount.value, one);
  session.update({ color: "loss" });
  assert.ok(!session.canRedo.value, "a new step ends what could be done again");
});

test("sorted rows are those that pass, missing values last either way", async () => {
  const session = sessionOf();
  session.addFilter({ type: "categories", column: "split", categories: ["val"] });
  const loss = session.dataset.column("loss") as NumberColumn;
  for (const descending of [true, false]) {
    session.update({ sort: { column: "loss", descending } });
    await new Promise((done) => setTimeout(done, 90));
    const rows = [...session.keptRows.value];
    assert.equal(rows.length, session.keptCount.value);
    const values: number[] = rows.map((row) => loss.values[row]!);
    const known = values.filter((value) => !Number.isNaN(value));
    assert.ok(values.slice(known.length).every((value) => Number.isNaN(value)));
    assert.deepEqual(known, [...known].sort((a, b) => (descending ? b - a : a - b)));
  }
});

test("a view that is saved and opened again is the same view", () => {
  const session = sessionOf();
  session.addFilter({ type: "range", column: "loss", low: 0.5, high: 2, missing: true });
  session.addFilter({ type: "categories", column: "target", categories: ["<img onerror=alert(1)>"] });
  session.addFilter({ type: "lasso", projection: 0, polygon: [[-0.5, -0.5], [0.5, -0.5], [0, 0.7]] });
  session.addFilter({ type: "rows", label: "mine", rows: Uint32Array.from([1, 5, 9]) });
  session.update({ color: "loss", size: "size", tab: "curves", pinned: 7 });
  session.camera.value = { x: 0.25, y: -0.5, zoom: 3 };
  const text = JSON.stringify(saved(session).view);
  const { state, camera } = restored(session.dataset, JSON.parse(text));
  assert.deepEqual(state, session.state.value);
  assert.deepEqual(camera, session.camera.value);
  assert.equal(hashOf(sessionOf()).hash, "");
});

test("a view of another dataset opens as far as it can", () => {
  const dataset = datasetOf({ n: 2, numbers: { loss: Float32Array.from([1, 2]) } });
  const { state } = restored(dataset, {
    color: "gone",
    pinned: 99,
    projection: 4,
    sort: { column: "gone", descending: true },
    openFields: ["gone", "loss"],
    filters: [
      { type: "range", column: "gone", low: 0, high: 1 },
      { type: "rows", label: "an insight", source: { insight: "abc" } },
      { type: "range", column: "loss", low: 1.5, high: 3 },
    ],
  });
  assert.equal(state.pinned, null);
  assert.deepEqual([state.projection, state.openFields], [0, ["loss"]]);
  assert.deepEqual(state.filters, [{ type: "range", column: "loss", low: 1.5, high: 3 }]);
  assert.equal(new Session(dataset, NOWHERE, state).keptCount.value, 1);
});

test("sets too long for an address are named as left out", () => {
  const session = new Session(datasetOf({ n: 9000 }), NOWHERE);
  session.addFilter({ type: "rows", label: "long", rows: Uint32Array.from({ length: 8000 }, (_, row) => row) });
  assert.deepEqual(saved(session).left, ["long"]);
});
