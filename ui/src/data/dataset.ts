import { NO_ROW, type ExplorerHeader, type InsightHeader, type ProjectionHeader } from "../payload";
import { columnOf, type CategoryColumn, type Column } from "./columns";
import { Payload } from "./decode";

/** Coordinates of all rows in a plane of −1…1; NaN where a sample was not projected. */
export interface Plane {
  readonly header: ProjectionHeader;
  /** (n) rightwards. */
  readonly x: Float32Array;
  /** (n) upwards. */
  readonly y: Float32Array;
}

/** The analyzed samples of one run: rows 0 … n − 1, the same in every array. */
export class Dataset {
  readonly header: ExplorerHeader;
  /** Number of samples. */
  readonly n: number;
  readonly columns: readonly Column[];
  private readonly byName: Map<string, Column>;
  private readonly planes = new Map<number, Plane>();
  private rows: Map<string, number> | null = null;

  constructor(
    readonly payload: Payload,
    extra: readonly Column[] = [],
  ) {
    this.header = payload.header;
    this.n = this.header.n;
    this.columns = [...this.header.columns.map((header) => columnOf(payload, header)), ...extra];
    this.byName = new Map(this.columns.map((column) => [column.name, column]));
  }

  /** The dataset that a file `explorer.bin` holds. */
  static read(bytes: ArrayBuffer): Dataset {
    return new Dataset(new Payload(bytes));
  }

  /** The same samples with further columns, e.g. a difference of losses. */
  with(extra: readonly Column[]): Dataset {
    return new Dataset(this.payload, extra);
  }

  /** The column of that name. */
  column(name: string | null): Column | undefined {
    return name === null ? undefined : this.byName.get(name);
  }

  /** The column that curves and insights call `field`. */
  columnOfField(field: string): Column | undefined {
    return this.columns.find((column) => column.field === field);
  }

  /** The id of a row, unique within its split. */
  sampleId(row: number): string {
    const column = this.byName.get("sample_id");
    return column?.kind === "text" ? column.text(row) : String(row);
  }

  /** The split of a row; empty if there is none. */
  split(row: number): string {
    return this.category("split", row) ?? "";
  }

  /** The row of a sample, −1 if it is not here. */
  row(split: string, sampleId: string): number {
    this.rows ??= this.index();
    return this.rows.get(`${split}\n${sampleId}`) ?? -1;
  }

  /** The category of a row in a column of categories; undefined if missing. */
  category(name: string, row: number): string | undefined {
    const column = this.byName.get(name);
    return column?.kind === "category" ? column.categories[column.codes[row]!] : undefined;
  }

  /** The coordinates of a projection, decoded when first asked for. */
  plane(index: number): Plane | undefined {
    const header = this.header.projections[index];
    if (!header) return undefined;
    let plane = this.planes.get(index);
    if (!plane) {
      const [x, y] = [header.x, header.y].map((ref) => this.payload.array(ref) as Uint16Array);
      plane = { header, x: coordinates(x!), y: coordinates(y!) };
      this.planes.set(index, plane);
    }
    return plane;
  }

  /** The rows of an insight, in the report's order. */
  insightRows(insight: InsightHeader): Uint32Array {
    return this.payload.u32(insight.rows);
  }

  /** An insight by its key, also among those merged into others. */
  insight(key: string): InsightHeader | undefined {
    const find = (all: readonly InsightHeader[]): InsightHeader | undefined => {
      for (const insight of all) {
        const found = insight.key === key ? insight : find(insight.children);
        if (found) return found;
      }
      return undefined;
    };
    return find(this.header.insights);
  }

  /** The most similar samples of a row, nearest first; empty if unknown. */
  neighbors(row: number): number[] {
    const { neighbors } = this.header;
    if (!neighbors) return [];
    const all = this.payload.u32(neighbors.rows);
    return Array.from(all.subarray(row * neighbors.k, (row + 1) * neighbors.k)).filter(
      (other) => other !== NO_ROW,
    );
  }

  /** The loss of a row at every captured epoch: `[epoch, loss or NaN]`. */
  lossHistory(row: number): [number, number][] {
    const { history } = this.header;
    if (!history?.loss) return [];
    const codes = this.payload.array(history.loss);
    const missing = history.loss.type === "u8" ? 0xff : 0xffff;
    const { offset, factor } = history.scale ?? { offset: 0, factor: 1 };
    return history.epochs.map((epoch, place) => {
      const code = codes[place * this.n + row]!;
      const quantized = history.loss!.type !== "f32";
      if (!quantized) return [epoch, code];
      return [epoch, code === missing ? NaN : offset + factor * code];
    });
  }

  /** The columns of categories. */
  get categoryColumns(): CategoryColumn[] {
    return this.columns.filter((column) => column.kind === "category") as CategoryColumn[];
  }

  private index(): Map<string, number> {
    const rows = new Map<string, number>();
    for (let row = 0; row < this.n; row++)
      rows.set(`${this.split(row)}\n${this.sampleId(row)}`, row);
    return rows;
  }
}

/** The largest code of a coordinate; the one above it means "not projected". */
const LARGEST_COORDINATE = 65534;

function coordinates(codes: Uint16Array): Float32Array {
  const values = new Float32Array(codes.length);
  const factor = 2 / LARGEST_COORDINATE;
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row]!;
    values[row] = code > LARGEST_COORDINATE ? NaN : code * factor - 1;
  }
  return values;
}
