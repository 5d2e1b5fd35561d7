import { MASK_PHASES, type DiscMask } from "./disc";
import type { Look, Picture, Points } from "./look";
import { discMasks } from "./sizes";

/** How opaque a lone disc of a sample that fails a filter is, of 255. */
const MUTED_DISC = 96;

/** Draw discs, the first on top; a rim of paper keeps neighbors apart. */
export function paintDiscs(
  picture: Picture,
  points: Points,
  look: Look,
  from: number,
  to: number,
  muted: boolean,
): void {
  const { rows, x, y, color, size } = points;
  const { scale, offsetX, offsetY, fails, filtered, palette } = look;
  const { width, height } = picture;
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
    stamp(
      picture,
      phases[phase]!,
      column,
      line,
      row + 1,
      ink,
      look.paper,
      muted ? MUTED_DISC : 255,
    );
  }
}

/** Lay a disc under what is there already. */
function stamp(
  picture: Picture,
  mask: DiscMask,
  column: number,
  line: number,
  id: number,
  ink: number,
  paper: number,
  opacity: number,
): void {
  const { width, height, pixels, ids } = picture;
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
      pixels[pixel] =
        taken === 0 ? ((alpha << 24) | shade) >>> 0 : under(below, taken, shade, alpha);
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
