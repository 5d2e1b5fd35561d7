/** Which rows of a long list are on screen: only those are in the page. */

/** Browsers stop at 17 to 33 million pixels of height; from here on one scrolled pixel stands for more. */
export const TALLEST = 8_000_000;

/** What to draw of a list: lines first … last − 1, the first of them `top` pixels down in `height`. */
export interface Window {
  first: number;
  last: number;
  top: number;
  height: number;
}

/**
 * The lines on screen.
 *
 * @param lines - how many there are.
 * @param lineHeight - of each, in pixels.
 * @param scrolled - `scrollTop` of the box, in pixels.
 * @param view - its height, in pixels.
 * @param spare - lines drawn above and below, so that a quick scroll shows no gap.
 */
export function windowOf(
  lines: number,
  lineHeight: number,
  scrolled: number,
  view: number,
  spare = 4,
): Window {
  const whole = lines * lineHeight;
  const height = Math.min(whole, TALLEST);
  const reachable = Math.max(height - view, 0);
  const at = Math.min(Math.max(scrolled, 0), reachable);
  const hidden = whole > height ? (at / reachable) * (whole - view) : at;
  const first = Math.max(0, Math.floor(hidden / lineHeight) - spare);
  const last = Math.min(lines, Math.ceil((hidden + view) / lineHeight) + spare);
  return { first, last, top: at - hidden + first * lineHeight, height };
}

/** The `scrollTop` that brings a line into view, or `scrolled` where it is in view already. */
export function scrollTo(
  line: number,
  lines: number,
  lineHeight: number,
  scrolled: number,
  view: number,
): number {
  const whole = lines * lineHeight;
  const height = Math.min(whole, TALLEST);
  const reachable = Math.max(height - view, 0);
  const factor = whole > height && reachable ? (whole - view) / reachable : 1;
  const hidden = scrolled * factor;
  const top = line * lineHeight;
  const wanted =
    top < hidden ? top : top + lineHeight > hidden + view ? top + lineHeight - view : hidden;
  return Math.min(Math.max(wanted / factor, 0), reachable);
}

/** Tiles beside each other in a width, at least one, and the width that each then has. */
export function tilesAcross(
  width: number,
  wanted: number,
  gap: number,
): { across: number; tile: number } {
  const across = Math.max(1, Math.floor((width + gap) / (wanted + gap)));
  return { across, tile: Math.max(1, (width - gap * (across - 1)) / across) };
}
