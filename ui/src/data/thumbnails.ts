import { signal, type ReadonlySignal } from "@preact/signals";
import { NO_ROW, type SheetHeader, type ThumbnailsHeader } from "../payload";
import type { Dataset } from "./dataset";
import type { Source } from "./source";

/** Sheets kept decoded at once; the one longest unseen goes first. */
const MOST_SHEETS = 12;
/** Sheets asked for at once: a scroll must not ask for a hundred. */
const MOST_LOADING = 4;

/** Where a thumbnail is: a square of a decoded sheet, in its pixels. */
export interface Tile {
  readonly sheet: ImageBitmap;
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

/** The samples' pictures; sheets are loaded when a tile of theirs is asked for. */
export class Thumbnails {
  /** Rises when sheets have arrived: read it where tiles are drawn. */
  readonly version: ReadonlySignal<number>;
  private readonly header: ThumbnailsHeader | null;
  private readonly tiles: Uint32Array;
  private readonly arrivals = signal(0);
  /** Decoded sheets, the longest unseen first. */
  private readonly decoded = new Map<SheetHeader, ImageBitmap>();
  private readonly loading = new Set<SheetHeader>();
  private readonly failed = new Set<SheetHeader>();
  private waiting: SheetHeader[] = [];

  constructor(
    dataset: Dataset,
    private readonly source: Source,
  ) {
    this.header = dataset.header.thumbnails;
    this.tiles = this.header ? dataset.payload.u32(this.header.tile) : new Uint32Array(0);
    this.version = this.arrivals;
  }

  /** Whether any sample has a picture. */
  get any(): boolean {
    return this.header !== null;
  }

  /** Whether a row has a picture. */
  has(row: number): boolean {
    return row < this.tiles.length && this.tiles[row] !== NO_ROW;
  }

  /** The picture of a row; null if there is none, or not yet: then it is loaded. */
  tile(row: number): Tile | null {
    const sheet = this.has(row) ? this.sheetOf(this.tiles[row]!) : undefined;
    if (!sheet) return null;
    const bitmap = this.decoded.get(sheet);
    if (!bitmap) {
      this.ask(sheet);
      return null;
    }
    this.decoded.delete(sheet);
    this.decoded.set(sheet, bitmap);
    const place = this.tiles[row]! - sheet.first;
    const x = (place % sheet.columns) * sheet.tile_size;
    const y = Math.floor(place / sheet.columns) * sheet.tile_size;
    return { sheet: bitmap, x, y, size: sheet.tile_size };
  }

  private sheetOf(tile: number): SheetHeader | undefined {
    const sheets = this.header!.sheets;
    let [low, high] = [0, sheets.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (sheets[middle]!.first <= tile) low = middle;
      else high = middle - 1;
    }
    const sheet = sheets[low];
    return sheet && tile < sheet.first + sheet.count ? sheet : undefined;
  }

  private ask(sheet: SheetHeader): void {
    if (this.loading.has(sheet) || this.failed.has(sheet) || this.waiting.includes(sheet)) return;
    // What was asked for last is what is in view now.
    this.waiting.unshift(sheet);
    this.waiting = this.waiting.slice(0, MOST_SHEETS);
    this.pump();
  }

  private pump(): void {
    while (this.loading.size < MOST_LOADING && this.waiting.length) void this.load(this.waiting.shift()!);
  }

  private async load(sheet: SheetHeader): Promise<void> {
    this.loading.add(sheet);
    try {
      this.decoded.set(sheet, await this.source.sheet(sheet.path));
      this.evict();
    } catch {
      // A picture that is gone is drawn as none; the samples' values are still there.
      this.failed.add(sheet);
    }
    this.loading.delete(sheet);
    this.arrivals.value++;
    this.pump();
  }

  private evict(): void {
    while (this.decoded.size > MOST_SHEETS) {
      const [oldest, bitmap] = this.decoded.entries().next().value!;
      this.decoded.delete(oldest);
      bitmap.close();
    }
  }
}
