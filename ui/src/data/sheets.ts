import type { SheetHeader } from "../payload";
import type { Source } from "./source";

/** Sheets kept decoded at once; the one longest unseen goes first. */
const MOST_SHEETS = 12;
/** Sheets asked for at once: a scroll must not ask for a hundred. */
const MOST_LOADING = 4;

/** Decoded sheets of thumbnails: a few of them, loaded when asked for, the last asked for first. */
export class Sheets {
  /** Decoded sheets, the longest unseen first. */
  private readonly decoded = new Map<SheetHeader, ImageBitmap>();
  private readonly loading = new Set<SheetHeader>();
  private readonly failed = new Set<SheetHeader>();
  private waiting: SheetHeader[] = [];

  /** @param arrived called with each sheet that was loaded, or null for one that could not be. */
  constructor(
    private readonly source: Source,
    private readonly arrived: (sheet: SheetHeader, bitmap: ImageBitmap | null) => void,
  ) {}

  /** A sheet; null if it is not here yet: then it is loaded. */
  get(sheet: SheetHeader): ImageBitmap | null {
    const bitmap = this.decoded.get(sheet);
    if (!bitmap) {
      this.ask(sheet);
      return null;
    }
    this.decoded.delete(sheet);
    this.decoded.set(sheet, bitmap);
    return bitmap;
  }

  private ask(sheet: SheetHeader): void {
    if (this.loading.has(sheet) || this.failed.has(sheet) || this.waiting.includes(sheet)) return;
    // What was asked for last is what is in view now.
    this.waiting.unshift(sheet);
    this.waiting = this.waiting.slice(0, MOST_SHEETS);
    this.pump();
  }

  private pump(): void {
    while (this.loading.size < MOST_LOADING && this.waiting.length)
      void this.load(this.waiting.shift()!);
  }

  private async load(sheet: SheetHeader): Promise<void> {
    this.loading.add(sheet);
    let bitmap: ImageBitmap | null = null;
    try {
      bitmap = await this.source.sheet(sheet.path);
      this.decoded.set(sheet, bitmap);
      this.evict();
    } catch {
      // A picture that is gone is drawn as none; the samples' values are still there.
      this.failed.add(sheet);
    }
    this.loading.delete(sheet);
    this.arrived(sheet, bitmap);
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
