import { signal, type ReadonlySignal } from "@preact/signals";
import { NO_ROW, type SheetHeader, type ThumbnailsHeader } from "../payload";
import type { Dataset } from "./dataset";
import { Sheets } from "./sheets";
import { Slots } from "./slots";
import type { Source } from "./source";

/** Pixels along each side of the canvas that holds single tiles: 16 MB, a thousand tiles of 64. */
const ATLAS = 2048;

/** Where a thumbnail is: a square of a picture, in its pixels. */
export interface Tile {
  readonly sheet: OffscreenCanvas;
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

/**
 * The samples' pictures; sheets are loaded when a tile of theirs is asked for.
 *
 * Tiles that were asked for are copied out of their sheet when it comes: however many sheets a view
 * draws from, each is loaded once, and only a few are kept.
 */
export class Thumbnails {
  /** Rises when sheets have arrived: read it where tiles are drawn. */
  readonly version: ReadonlySignal<number>;
  private readonly header: ThumbnailsHeader | null;
  private readonly tiles: Uint32Array;
  private readonly arrivals = signal(0);
  private readonly sheets: Sheets;
  private readonly side: number;
  private readonly slots: Slots;
  /** Rows that wait for their sheet, the longest waiting first. */
  private readonly wanted = new Set<number>();
  private made: { canvas: OffscreenCanvas; pen: OffscreenCanvasRenderingContext2D } | null = null;

  constructor(dataset: Dataset, source: Source) {
    this.header = dataset.header.thumbnails;
    this.tiles = this.header ? dataset.payload.u32(this.header.tile) : new Uint32Array(0);
    this.side = Math.max(1, ...(this.header?.sheets ?? []).map((sheet) => sheet.tile_size));
    this.slots = new Slots(Math.max(1, Math.floor(ATLAS / this.side)) ** 2);
    this.sheets = new Sheets(source, (sheet, bitmap) => this.arrived(sheet, bitmap));
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
    const slot = this.slots.find(row);
    if (slot !== undefined) return this.at(slot, sheet);
    const bitmap = this.sheets.get(sheet);
    if (bitmap) return this.copy(row, sheet, bitmap);
    this.want(row);
    return null;
  }

  private want(row: number): void {
    this.wanted.delete(row);
    this.wanted.add(row);
    if (this.wanted.size > this.slots.size) this.wanted.delete(this.wanted.values().next().value!);
  }

  private arrived(sheet: SheetHeader, bitmap: ImageBitmap | null): void {
    for (const row of this.wanted) {
      if (this.sheetOf(this.tiles[row]!) !== sheet) continue;
      this.wanted.delete(row);
      if (bitmap) this.copy(row, sheet, bitmap);
    }
    this.arrivals.value++;
  }

  private copy(row: number, sheet: SheetHeader, bitmap: ImageBitmap): Tile {
    const place = this.tiles[row]! - sheet.first;
    const size = sheet.tile_size;
    const [left, top] = [(place % sheet.columns) * size, Math.floor(place / sheet.columns) * size];
    const tile = this.at(this.slots.take(row), sheet);
    const { pen } = this.atlas;
    pen.clearRect(tile.x, tile.y, size, size);
    pen.drawImage(bitmap, left, top, size, size, tile.x, tile.y, size, size);
    return tile;
  }

  private at(slot: number, sheet: SheetHeader): Tile {
    const across = Math.floor(this.atlas.canvas.width / this.side);
    const [x, y] = [(slot % across) * this.side, Math.floor(slot / across) * this.side];
    return { sheet: this.atlas.canvas, x, y, size: sheet.tile_size };
  }

  private get atlas() {
    if (!this.made) {
      const canvas = new OffscreenCanvas(Math.max(ATLAS, this.side), Math.max(ATLAS, this.side));
      // On the CPU: tiles are copied in one by one, and read by canvases of all sizes.
      this.made = { canvas, pen: canvas.getContext("2d", { willReadFrequently: true })! };
    }
    return this.made;
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
}
