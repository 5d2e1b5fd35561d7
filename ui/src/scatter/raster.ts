import { Density } from "./density";
import { paintDiscs } from "./discs";
import type { Look, Picture, Points } from "./look";

/** Points of which one run of the loop takes so many before it looks at the clock. */
const CHUNK = 8192;
/** A picture under way is developed as if at least so large a share were there. */
const LEAST_SHARE = 0.05;

/**
 * Draws points into pixels on the CPU: it runs wherever a page runs, and as fast as hardware
 * acceleration would in a browser without it.
 *
 * A picture is drawn over several calls of `step`, each within its time. `ids` holds the row that
 * is on top of each pixel, so that finding the point under the pointer is one read.
 */
export class Raster implements Picture {
  width = 0;
  height = 0;
  /** (width × height) 0xAABBGGRR, not premultiplied. */
  pixels: Uint32Array = new Uint32Array(0);
  /** (width × height) row + 1 of the point on top, 0 for none. */
  ids: Uint32Array = new Uint32Array(0);
  /** Whether all points have been drawn. */
  done = true;
  private points: Points | null = null;
  private look: Look | null = null;
  private at = 0;
  private muted = false;
  private readonly density = new Density();

  /** Give the picture a size in pixels; what was drawn is lost. */
  resize(width: number, height: number, pixels: Uint32Array): void {
    this.width = width;
    this.height = height;
    this.pixels = pixels;
    this.ids = new Uint32Array(width * height);
    this.done = true;
  }

  /** Begin a picture anew. */
  begin(points: Points, look: Look): void {
    this.points = points;
    this.look = look;
    this.at = 0;
    this.muted = false;
    this.done = false;
    this.pixels.fill(0);
    this.ids.fill(0);
    if (look.mode === "density") this.density.clear(this);
  }

  /**
   * Draw on until all is drawn or the time is up; at least one chunk.
   *
   * @param clock milliseconds, e.g. `performance.now`.
   * @param until when to stop.
   */
  step(clock: () => number, until: number): void {
    const { points, look } = this;
    if (!points || !look) return;
    const draw = this.painter(points, look);
    const n = points.rows.length;
    do {
      const end = Math.min(n, this.at + CHUNK);
      draw(this.at, end, this.muted);
      this.at = end;
      if (end === n && !this.nextPass(look)) break;
    } while (clock() < until);
    if (look.mode !== "density") return;
    const share = this.muted || this.done ? 1 : Math.max(LEAST_SHARE, this.at / n);
    this.density.develop(this, look, share);
  }

  /** The row on top of a pixel, −1 if there is none. */
  rowAt(x: number, y: number): number {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return -1;
    return this.ids[Math.floor(y) * this.width + Math.floor(x)]! - 1;
  }

  /** After the points that pass come those that do not. Returns whether there is such a pass. */
  private nextPass(look: Look): boolean {
    if (!this.muted && look.filtered) {
      this.muted = true;
      this.at = 0;
      return true;
    }
    this.done = true;
    return false;
  }

  private painter(points: Points, look: Look) {
    const { density } = this;
    return (from: number, to: number, muted: boolean) => {
      if (look.mode === "discs") paintDiscs(this, points, look, from, to, muted);
      else if (muted) density.crowd(this, points, look, from, to);
      else density.mix(this, points, look, from, to);
    };
  }
}
