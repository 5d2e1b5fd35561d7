/** Runs side by side on real sessions: what one selects, all select; against slow definitions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Link, LINK_LABEL } from "../../src/views/compare/link";
import { compareRuns, type Comparison } from "../../src/views/compare/runs";
import { contrast, type Contrast } from "../../src/views/selection/contrast";
import { Session, type Filter } from "../../src/state";
import type { ExplorerHeader } from "../../src/payload";
import { datasetOf, NOWHERE, random } from "../worlds";

const SPLITS = ["train", "val"];

/** A run with these samples, the first letter of an id being its split. */
function runOf(ids: string[], seed: number, header: Partial<ExplorerHeader> = {}) {
  const next = random(seed);
  const n = ids.length;
  const names = ["cat", "dog", "owl"];
  const classes = () => Uint8Array.from({ length: n }, () => Math.floor(next() * 3));
  return datasetOf({
    n,
    texts: { sample_id: ids },
    categories: {
      split: {
        codes: Uint8Array.from(ids, (id) => SPLITS.findIndex((split) => split[0] === id[0])),
        names: SPLITS,
      },
      target: { codes: Uint8Array.from(ids, (id) => id.length % 3), names },
      prediction: { codes: classes(), names },
    },
    numbers: {
      loss: Float32Array.from({ length: n }, (_, i) => (i % 11 === 5 ? NaN : next() * 3)),
    },
    header: { class_names: names, run_name: `run ${seed}`, ...header },
  });
}

const range = (low: number, high: number): Filter => ({ type: "range", column: "loss", low, high });
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

function world(): { comparison: Comparison; link: Link } {
  const ids = Array.from({ length: 60 }, (_, i) => `${i % 3 ? "t" : "v"}${"x".repeat(i % 4)}${i}`);
  const parts = [ids.slice(0, 50), ids.slice(10).reverse(), ids.filter((_, i) => i % 2 === 0)];
  const read = parts.map((part, i) => ({ runId: `r${i}`, dataset: runOf(part, i + 1) }));
  const comparison = compareRuns(read, NOWHERE);
  return {
    comparison,
    link: new Link(
      comparison.runs.map((run) => run.session),
      comparison.joined,
    ),
  };
}

/** The ids that a session shows, by the definition: its own filters, and the others' where they have any. */
function expected(
  { runs }: Comparison,
  place: number,
  own: ((Filter & { type: "range" }) | null)[],
): string[] {
  const lossOf = (run: number, id: string): number | undefined => {
    const { dataset } = runs[run]!;
    const row = dataset.row(id.startsWith("t") ? "train" : "val", id);
    const column = dataset.column("loss");
    return row < 0 || column?.kind !== "number" ? undefined : column.values[row]!;
  };
  const { dataset } = runs[place]!;
  return Array.from({ length: dataset.n }, (_, row) => dataset.sampleId(row)).filter((id) =>
    own.every((filter, run) => {
      const loss = lossOf(run, id);
      return !filter || (loss !== undefined && loss >= filter.low && loss <= filter.high);
    }),
  );
}

const shown = (session: Session): string[] =>
  Array.from({ length: session.dataset.n }, (_, row) => row)
    .filter((row) => session.passes(row))
    .map((row) => session.dataset.sampleId(row));

test("every run shows what passes the filters of all", async () => {
  const { comparison, link } = world();
  const own: ((Filter & { type: "range" }) | null)[] = [null, null, null];
  const steps: [number, Filter | null][] = [
    [0, range(0.5, 2)],
    [1, range(0, 1.5)],
    [2, range(1, 3)],
    [1, range(0, 2.5)],
    [0, null],
    [2, null],
    [1, null],
  ];
  for (const [run, filter] of steps) {
    const { session } = comparison.runs[run]!;
    own[run] = filter as (Filter & { type: "range" }) | null;
    if (filter) session.addFilter(filter);
    else session.removeFilter("column:loss");
    await settled();
    comparison.runs.forEach((one, place) =>
      assert.deepEqual(shown(one.session), expected(comparison, place, own), `run ${place}`),
    );
  }
  assert.ok(comparison.runs.every((run) => run.session.state.peek().filters.length === 0));
  link.close();
});

test("removing the link drops what the others selected, and keeps one's own", async () => {
  const { comparison, link } = world();
  const [a, b] = comparison.runs.map((run) => run.session) as [Session, Session];
  a.addFilter(range(0, 2));
  b.addFilter(range(1, 3));
  await settled();
  a.removeFilter(`rows:${LINK_LABEL}`);
  await settled();
  assert.deepEqual(a.state.peek().filters, [range(0, 2)]);
  assert.deepEqual(
    b.state.peek().filters.map((filter) => filter.type),
    ["rows"],
  );
  link.close();
});

test("a pinned sample is pinned in every run that has it, and in no other", async () => {
  const { comparison, link } = world();
  const [a, b, c] = comparison.runs as [
    Comparison["runs"][0],
    Comparison["runs"][0],
    Comparison["runs"][0],
  ];
  a.session.update({ pinned: 11 });
  await settled();
  const id = a.dataset.sampleId(11);
  assert.equal(b.dataset.sampleId(b.session.state.peek().pinned!), id);
  assert.equal(c.session.state.peek().pinned, null); // c has every second sample only
  b.session.update({ pinned: null });
  await settled();
  assert.equal(a.session.state.peek().pinned, null);
  link.close();
});

test("the difference is loss A − loss B in every run, and ranks where classes differ", () => {
  const ids = ["ta", "tb", "vc"];
  const read = [
    runOf(ids, 1),
    runOf([...ids].reverse(), 2),
    runOf(ids, 3, { class_names: ["animal"] }),
  ];
  const { runs, pairs } = compareRuns(
    read.map((dataset, i) => ({ runId: String(i), dataset })),
    NOWHERE,
  );
  const loss = (run: number, id: string): number => {
    const { dataset } = runs[run]!;
    const column = dataset.column("loss");
    return column?.kind === "number"
      ? column.values[dataset.row(id[0] === "t" ? "train" : "val", id)]!
      : NaN;
  };
  for (const { dataset } of runs)
    for (const id of ids) {
      const column = dataset.column("difference_1");
      assert.ok(column?.kind === "number" && column.diverging);
      const got = column.values[dataset.row(id[0] === "t" ? "train" : "val", id)]!;
      assert.ok(Math.abs(got - (loss(0, id) - loss(1, id))) < 1e-6);
    }
  assert.equal(pairs[0]!.unit, "loss");
  assert.equal(pairs[1]!.unit, "rank");
  assert.ok(!pairs[1]!.comparability.losses);
  assert.ok(pairs[1]!.differences.every((value) => Math.abs(value) < 1));
});

test("the selection is compared with the rest, column by column, and stops when told", async () => {
  const dataset = runOf(
    Array.from({ length: 200 }, (_, i) => `${i % 4 ? "t" : "v"}${i}`),
    5,
  );
  const session = new Session(dataset, NOWHERE);
  session.addFilter(range(1.5, 9));
  session.addFilter({ type: "categories", column: "split", categories: ["train"] });
  const reports: Contrast[] = [];
  await contrast(
    session,
    () => true,
    (found) => reports.push(found),
  );
  const last = reports.at(-1)!;
  assert.equal(last.done, last.total);
  assert.equal(last.sides.insideTotal, session.keptCount.value);
  const train = Array.from({ length: 200 }, (_, row) => row).filter(
    (row) => dataset.split(row) === "train",
  );
  assert.equal(last.sides.insideTotal + last.sides.outsideTotal, train.length);
  assert.equal(last.fields.find((field) => field.name === "loss")!.found.effect, 1);
  assert.ok(!last.fields.some((field) => field.name === "split"));
  const [mean] = last.means;
  assert.ok(mean!.difference.lower > 0 && mean!.inside.n === last.sides.insideTotal);
});
