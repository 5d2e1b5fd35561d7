import type { Look, Picture, Points } from "./look";
import { countHistogram, MOST_MIXED, opacities } from "./opacity";
import { splatSides } from "./sizes";

const RECIPROCALS = Uint32Array.from({ length: MOST_MIXED + 1 }, (_, count) =>
  count ? Math.ceil(65536 / count) : 0,
);

/** Points of which many share a pixel: their colors are summed, then made one. */
export class Density {
  /** Of each pixel: red + green·2¹⁶, blue + count·2¹⁶, summed over its points. */
  private sums = new Int32Array(0);
  /** Of each pixel: its points that fail a filter. */
  private counts = new Uint16Array(0);

  /** Forget all points. */
  clear({ width, height }: Picture): void {
    const size = width * height;
    if (this.sums.length === 2 * size) {
      this.sums.fill(0);
      this.counts.fill(0);
    } else {
      this.sums = new Int32Array(2 * size);
      this.counts = new Uint16Array(size);
    }
  }

  /** Add the colors of points that pass to the sums of their pixels. */
  mix(picture: Picture, points: Points, look: Look, from: number, to: number): void {
    const { rows, x, y, color, size } = points;
    const { scale, offsetX, offsetY, fails, filtered } = look;
    const { width, height, ids } = picture;
    const { sums } = this;
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
  crowd(picture: Picture, points: Points, look: Look, from: number, to: number): void {
    const { rows, x, y } = points;
    const { scale, offsetX, offsetY, fails } = look;
    const { width, height, ids } = picture;
    const { sums, counts } = this;
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

  /**
   * Turn sums into pixels: the mean color, the more opaque the more points.
   *
   * @param share of the points that has been drawn.
   */
  develop({ width, height, pixels }: Picture, look: Look, share: number): void {
    const { sums, counts } = this;
    const size = width * height;
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
}
