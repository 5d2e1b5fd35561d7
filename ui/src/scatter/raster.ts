import { discMask, MASK_PHASES, type DiscMask } from "./disc";

/** What is drawn, in the order of importance: the first to reach a pixel is on top. */
export interface Points {
  /** (n) row of each point; the other arrays are in this order too. */
  readonly rows: Uint32Array;
  /** (n) place in the plane, −1…1; NaN is not drawn. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** (n) place in the palette. */
  readonly color: Uint8Array;
  /** (n) 0…255 between the least and the greatest diameter; null is one size. */
  readonly size: Uint8Array | null;
}

/** How points become pixels. */
export interface Projector {
  /** Pixel = offset + scale × coordinate, of x; of y with −scale. */
  readonly scale: number;
  readonly offsetX: number;
  readonly offsetY: number;
}

/** How a picture is drawn. */
export interface Look extends Projector {
  /** Discs one over the other, or colors mixed where points crowd. */
  readonly mode: "discs" | "density";
  /** Diameter of a point of middle size, in pixels. */
  readonly diameter: number;
  /** The same of points that fail a filter. */
  readonly mutedDiameter: number;
  /** 256 colors, each as 0xAABBGGRR. */
  readonly palette: Uint32Array;
  /** Color of the points that fail a filter, 0x00BBGGRR. */
  readonly muted: number;
  /** Color of the rim between discs, 0x00BBGGRR. */
  readonly paper: number;
  /** (rows) how many filters each row fails. */
  readonly fails: Uint16Array;
  /** Whether any row fails one: spares a look at each row. */
  readonly filtered: boolean;
}

/** Points of which one run of the loop takes so many before it looks at the clock. */
const CHUNK = 8192;
/** Points mixed in one pixel at most: a sum of 255 colors of 8 bits just fits 16 bits. */
export const MOST_MIXED = 255;
const DIAMETER_STEPS = 2;
export const LARGEST_DIAMETER = 56;
const SMALLEST_FACTOR = 0.62;
const LARGEST_FACTOR = 2.3;
/** How opaque a lone disc of a sample that fails a filter is, of 255. */
const MUTED_DISC = 96;

/**
 * Draws points into pixels on the CPU: it runs wherever a page runs, and as fast as hardware
 * acceleration would in a browser without it.
 *
 * A picture is drawn over several calls of `step`, each within its time. `ids` holds the row that
 * is on top of each pixel, so that finding the point under the pointer is one read.
 */
export class Raster {
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
  /** Of each pixel: red + green·2¹⁶, blue + count·2¹⁶, summed over its points. */
  private sums = new Int32Array(0);
  private counts = new Uint16Array(0);

  /** Give the picture a size in pixels; what was drawn is lost. */
  resize(width: number, height: number, pixels: Uint32Array): void {
    this.width = width;
    this.height = height;
    this.pixels = pixels;
    this.ids = new Uint32Array(width * height);
    this.sums = new Int32Array(0);
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
    if (look.mode === "density") this.clearSums();
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
    if (look.mode === "density") this.develop(look, points);
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

  private clearSums(): void {
    const size = this.width * this.height;
    if (this.sums.length === 2 * size) {
      this.sums.fill(0);
      this.counts.fill(0);
    } else {
      this.sums = new Int32Array(2 * size);
      this.counts = new Uint16Array(size);
    }
  }

  private painter(points: Points, look: Look) {
    if (look.mode === "discs")
      return (from: number, to: number, muted: boolean) => this.discs(points, look, from, to, muted);
    return (from: number, to: number, muted: boolean) =>
      muted ? this.crowd(points, look, from, to) : this.mix(points, look, from, to);
  }

  /** Add the colors of points that pass to the sums of their pixels. */
  private mix(points: Points, look: Look, from: number, to: number): void {
    const { rows, x, y, color, size } = points;
    const { scale, offsetX, offsetY, fails, filtered } = look;
    const { width, height, sums, ids } = this;
    const sides = splatSides(look.diameter, size !== null);
    const redGreen = look.palette.map((c) => (c & 255) | (((c >>> 8) & 255) << 16));
    const blueCount = look.palette.map((c) => ((c >>> 16) & 255) | (1 << 16));
    const middle = sides[128]!;
    for (let k = from; k < to; k++) {
      const row = rows[k]!;
      if (filtered && fails[row] !== 0) continue;
      const side = size ? sides[size[k]!]! : middle;
      const left = offsetX + x[k]! * scale - side / 2;
      const top = offsetY - y[k]! * scale - side / 2;
      if (!(left >= 0 && top >= 0 && left < width - side && top < height - side)) continue;
      const code = color[k]!;
      const add0 = redGreen[code]!;
      const add1 = blueCount[code]!;
      let line = (top | 0) * width + (left | 0);
      for (let down = 0; down < side; down++, line += width)
        for (let pixel = line; pixel < line + side; pixel++) {
          const count = sums[2 * pixel + 1]! >>> 16;
          if (count === 0) ids[pixel] = row + 1;
          else if (count === MOST_MIXED) continue;
          sums[2 * pixel] = sums[2 * pixel]! + add0;
          sums[2 * pixel + 1] = sums[2 * pixel + 1]! + add1;
        }
    }
  }

  /** Count the points that fail, where no point that passes lies. */
  private crowd(points: Points, look: Look, from: number, to: number): void {
    const { rows, x, y } = points;
    const { scale, offsetX, offsetY, fails } = look;
    const { width, height, sums, counts, ids } = this;
    const side = splatSides(look.mutedDiameter, false)[128]!;
    for (let k = from; k < to; k++) {
      const row = rows[k]!;
      if (fails[row] === 0) continue;
      const left = offsetX + x[k]! * scale - side / 2;
      const top = offsetY - y[k]! * scale - side / 2;
      if (!(left >= 0 && top >= 0 && left < width - side && top < height - side)) continue;
      let line = (top | 0) * width + (left | 0);
      for (let down = 0; down < side; down++, line += width)
        for (let pixel = line; pixel < line + side; pixel++) {
          if (sums[2 * pixel + 1]! >>> 16) continue;
          if (counts[pixel]!++ === 0 && ids[pixel] === 0) ids[pixel] = row + 1;
        }
    }
  }

  /** Turn sums into pixels: the mean color, the more opaque the more points. */
  private develop(look: Look, points: Points): void {
    const { sums, counts, pixels } = this;
    const size = this.width * this.height;
    const share = this.muted || this.done ? 1 : Math.max(0.05, this.at / points.rows.length);
    const opaque = opacities(countHistogram(sums, size), share);
    const faint = opaque.map((alpha) => Math.round(alpha * 0.42));
    const muted = look.muted;
    for (let pixel = 0; pixel < size; pixel++) {
      const high = sums[2 * pixel + 1]!;
      const count = high >>> 16;
      if (count === 0) {
        const crowd = counts[pixel]!;
        pixels[pixel] = crowd ? ((faint[crowd > 255 ? 255 : crowd]! << 24) | muted) >>> 0 : 0;
        continue;
      }
      const low = sums[2 * pixel]!;
      const part = RECIPROCALS[count]!;
      const red = ((low & 0xffff) * part) >>> 16;
      const green = ((low >>> 16) * part) >>> 16;
      const blue = ((high & 0xffff) * part) >>> 16;
      pixels[pixel] = ((opaque[count]! << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    }
  }

  /** Draw discs, the first on top; a rim of paper keeps neighbors apart. */
  private discs(points: Points, look: Look, from: number, to: number, muted: boolean): void {
    const { rows, x, y, color, size } = points;
    const { scale, offsetX, offsetY, fails, filtered, palette } = look;
    const { width, height } = this;
    const masks = discMasks(muted ? look.mutedDiameter : look.diameter, size !== null && !muted);
    for (let k = from; k < to; k++) {
      const row = rows[k]!;
      if (filtered && (fails[row] !== 0) !== muted) continue;
      const phases = masks[size && !muted ? size[k]! : 128]!;
      const half = phases[0]!.side / 2;
      const left = offsetX + x[k]! * scale - half;
      const top = offsetY - y[k]! * scale - half;
      if (!(left > -2 * half && top > -2 * half && left < width && top < height)) continue;
      const column = Math.floor(left);
      const line = Math.floor(top);
      const phase =
        Math.floor((top - line) * MASK_PHASES) * MASK_PHASES +
        Math.floor((left - column) * MASK_PHASES);
      const ink = muted ? look.muted : palette[color[k]!]! & 0xffffff;
      this.stamp(phases[phase]!, column, line, row + 1, ink, look.paper, muted ? MUTED_DISC : 255);
    }
  }

  /** Lay a disc under what is there already. */
  private stamp(
    mask: DiscMask,
    column: number,
    line: number,
    id: number,
    ink: number,
    paper: number,
    opacity: number,
  ): void {
    const { width, height, pixels, ids } = this;
    const { side, cover, core } = mask;
    const right = Math.min(side, width - column);
    const bottom = Math.min(side, height - line);
    for (let v = Math.max(0, -line); v < bottom; v++) {
      let at = v * side + Math.max(0, -column);
      let pixel = (line + v) * width + column + Math.max(0, -column);
      for (let u = Math.max(0, -column); u < right; u++, at++, pixel++) {
        const covered = cover[at]!;
        if (covered === 0) continue;
        const below = pixels[pixel]!;
        const taken = below >>> 24;
        if (taken === 255) continue;
        const rim = opacity === 255 ? core[at]! : 255;
        const shade = rim === 255 ? ink : blend(ink, paper, rim);
        if (covered > 127 && ids[pixel] === 0) ids[pixel] = id;
        const alpha = opacity === 255 ? covered : (covered * opacity) >> 8;
        pixels[pixel] = taken === 0 ? ((alpha << 24) | shade) >>> 0 : under(below, taken, shade, alpha);
      }
    }
  }
}

/** A color between two: all of the first where `part` is 255, none where it is 0. */
function blend(first: number, second: number, part: number): number {
  const rest = 255 - part;
  const red = ((first & 255) * part + (second & 255) * rest) / 255;
  const green = (((first >>> 8) & 255) * part + ((second >>> 8) & 255) * rest) / 255;
  const blue = (((first >>> 16) & 255) * part + ((second >>> 16) & 255) * rest) / 255;
  return red | (green << 8) | (blue << 16);
}

/** The pixel `over`, of opacity `taken`, with a color of opacity `alpha` laid under it. */
function under(over: number, taken: number, shade: number, alpha: number): number {
  const added = ((255 - taken) * alpha) / 255;
  const whole = taken + added;
  return ((Math.round(whole) << 24) | blend(over, shade, (255 * taken) / whole)) >>> 0;
}

const RECIPROCALS = Uint32Array.from({ length: MOST_MIXED + 1 }, (_, count) =>
  count ? Math.ceil(65536 / count) : 0,
);

/** How many pixels hold each number of points, 0…255. */
function countHistogram(sums: Int32Array, size: number): Uint32Array {
  const histogram = new Uint32Array(MOST_MIXED + 1);
  for (let pixel = 0; pixel < size; pixel++) histogram[sums[2 * pixel + 1]! >>> 16]!++;
  return histogram;
}

/** How opaque a pixel of one point is, of 255: less where points crowd, but a lone one must show. */
const LONE = 110;
const LONE_UNCROWDED = 215;
/** Points in the most crowded pixels at which they crowd. */
const CROWD = 14;
/** Share of the filled pixels that are fully opaque. */
const CROWDED = 0.01;

/**
 * Opacity by number of points: logarithmic, from a lone point up to the most crowded pixels.
 *
 * @param histogram pixels by number of points.
 * @param share of all points that have been drawn: a picture under way is as bright as when done.
 */
export function opacities(histogram: Uint32Array, share: number): Uint8Array {
  const top = Math.max(4, crowdedCount(histogram) / share);
  const opaque = new Uint8Array(MOST_MIXED + 1);
  const free = Math.max(0, (CROWD - top) / CROWD);
  const lone = LONE + (LONE_UNCROWDED - LONE) * free;
  for (let count = 1; count <= MOST_MIXED; count++) {
    const level = Math.log(Math.max(1, count / share)) / Math.log(top);
    opaque[count] = Math.round(lone + (255 - lone) * Math.min(1, level));
  }
  return opaque;
}

function crowdedCount(histogram: Uint32Array): number {
  let filled = 0;
  for (let count = 1; count <= MOST_MIXED; count++) filled += histogram[count]!;
  let above = 0;
  for (let count = MOST_MIXED; count > 1; count--) {
    above += histogram[count]!;
    if (above > CROWDED * filled) return count;
  }
  return 1;
}

/** The factor of the middle diameter for each size. */
function factor(size: number): number {
  return SMALLEST_FACTOR + (size / 255) ** 1.5 * (LARGEST_FACTOR - SMALLEST_FACTOR);
}

/** Side of the square of each size, in whole pixels. */
function splatSides(diameter: number, sized: boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, size) =>
    Math.max(1, Math.min(LARGEST_DIAMETER, Math.round(diameter * (sized ? factor(size) : 1)))),
  );
}

const knownMasks = new Map<number, DiscMask[]>();

/** The masks of each size. */
function discMasks(diameter: number, sized: boolean): DiscMask[][] {
  return Array.from({ length: 256 }, (_, size) => {
    const exact = Math.min(LARGEST_DIAMETER, diameter * (sized ? factor(size) : 1));
    const rounded = Math.max(1, Math.round(exact * DIAMETER_STEPS) / DIAMETER_STEPS);
    let masks = knownMasks.get(rounded);
    if (!masks) {
      masks = discMask(rounded);
      knownMasks.set(rounded, masks);
    }
    return masks;
  });
}
