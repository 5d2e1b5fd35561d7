import type { ArrayRef, ColumnHeader, ExplorerHeader, ProjectionHeader } from "../src/payload";
import { Dataset } from "../src/data/dataset";
import type { Source } from "../src/data/source";

/** A generator of numbers 0…1 that gives the same ones for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

type Values = Float32Array | Uint8Array | Uint16Array | Uint32Array | string[];

/** Writes `explorer.bin` as its format says. */
export class PayloadWriter {
  private readonly parts: Uint8Array[] = [];
  private size = 0;

  add(values: Values): ArrayRef {
    const bytes = Array.isArray(values) ? texts(values) : new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const ref: ArrayRef = { type: typeOf(values), offset: this.size, length: values.length };
    const padded = new Uint8Array((bytes.length + 3) & ~3);
    padded.set(bytes);
    this.parts.push(padded);
    this.size += padded.length;
    return ref;
  }

  finish(header: object): ArrayBuffer {
    const json = new TextEncoder().encode(JSON.stringify(header));
    const start = (4 + json.length + 3) & ~3;
    const whole = new Uint8Array(start + this.size);
    new DataView(whole.buffer).setUint32(0, json.length, true);
    whole.set(json, 4);
    let at = start;
    for (const part of this.parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole.buffer;
  }
}

function typeOf(values: Values): ArrayRef["type"] {
  if (Array.isArray(values)) return "utf8";
  if (values instanceof Float32Array) return "f32";
  return values instanceof Uint8Array ? "u8" : values instanceof Uint16Array ? "u16" : "u32";
}

function texts(values: string[]): Uint8Array {
  const encoded = values.map((text) => new TextEncoder().encode(text));
  const offsets = new Uint32Array(values.length + 1);
  encoded.forEach((bytes, place) => (offsets[place + 1] = offsets[place]! + bytes.length));
  const whole = new Uint8Array(offsets.byteLength + offsets.at(-1)!);
  whole.set(new Uint8Array(offsets.buffer));
  let at = offsets.byteLength;
  for (const bytes of encoded) {
    whole.set(bytes, at);
    at += bytes.length;
  }
  return whole;
}

const COLUMN: Omit<ColumnHeader, "name" | "data" | "kind"> = {
  field: null,
  label: "",
  group: "metadata",
  scale: null,
  categories: null,
  integer: false,
  missing: 0,
  minimum: null,
  maximum: null,
  description: "",
};

export const HEADER: Omit<ExplorerHeader, "n" | "columns"> = {
  schema_version: 1,
  run_id: "run",
  run_name: "a run",
  epoch: 3,
  layer: "backbone",
  task: "classification",
  class_names: [],
  supercategories: {},
  tested_split: "val",
  reference_split: "train",
  confidence: 0.95,
  error_budget: 0.05,
  splits: [],
  generalization: null,
  regions: [],
  curves: [],
  not_applicable: [],
  dropped: [],
  notes: [],
  tests: {},
  projections: [],
  history: null,
  neighbors: null,
  probabilities: null,
  thumbnails: null,
  overlays: null,
  insights: [],
  data_bytes: 0,
  first_bytes: 0,
};

/** What a small dataset is made of. */
export interface World {
  readonly n: number;
  /** NaN is missing. */
  readonly numbers?: Record<string, Float32Array>;
  /** Quantized by 16 bits; 65535 is missing. */
  readonly quantized?: Record<string, { codes: Uint16Array; offset: number; factor: number }>;
  readonly categories?: Record<string, { codes: Uint8Array | Uint16Array; names: string[] }>;
  readonly texts?: Record<string, string[]>;
  readonly planes?: { x: Uint16Array; y: Uint16Array }[];
  readonly header?: Partial<ExplorerHeader>;
}

/** The bytes of a small dataset. */
export function payloadOf(world: World): ArrayBuffer {
  const writer = new PayloadWriter();
  const columns: ColumnHeader[] = [];
  const add = (name: string, data: Values, rest: Partial<ColumnHeader> & Pick<ColumnHeader, "kind">) =>
    columns.push({ ...COLUMN, label: name, ...rest, name, data: writer.add(data) });
  for (const [name, values] of Object.entries(world.numbers ?? {}))
    add(name, values, { kind: "number", ...extent([...values]) });
  for (const [name, { codes, offset, factor }] of Object.entries(world.quantized ?? {})) {
    const values = [...codes].map((code) => (code === 65535 ? NaN : offset + factor * code));
    add(name, codes, { kind: "number", scale: { offset, factor }, ...extent(values) });
  }
  for (const [name, { codes, names }] of Object.entries(world.categories ?? {})) {
    const largest = codes instanceof Uint8Array ? 255 : 65535;
    const missing = [...codes].filter((code) => code === largest).length;
    add(name, codes, { kind: "category", categories: names, missing });
  }
  for (const [name, values] of Object.entries(world.texts ?? {})) add(name, values, { kind: "text" });
  const projections: ProjectionHeader[] = (world.planes ?? []).map(({ x, y }, epoch) => ({
    method: "umap",
    epoch,
    layer: "backbone",
    x: writer.add(x),
    y: writer.add(y),
  }));
  return writer.finish({ ...HEADER, n: world.n, columns, projections, ...world.header });
}

/** A small dataset. */
export function datasetOf(world: World): Dataset {
  return Dataset.read(payloadOf(world));
}

function extent(values: number[]) {
  const known = values.filter((value) => !Number.isNaN(value));
  return {
    missing: values.length - known.length,
    minimum: known.length ? Math.min(...known) : null,
    maximum: known.length ? Math.max(...known) : null,
  };
}

/** A source that has nothing: what is under test asks it for nothing. */
export const NOWHERE = { kind: "file", runId: null, canWrite: false } as unknown as Source;
