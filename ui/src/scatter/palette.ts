import type { Theme } from "../parts/theme";

/**
 * Colors of categories, in the order of the report's figures: Okabe and Ito 2008 (the first eight)
 * and two of Paul Tol's, told apart under protanopia, deuteranopia and tritanopia. On dark paper
 * those that would drown are lightened.
 */
const CATEGORIES = {
  light: "#0072B2 #E69F00 #009E73 #CC79A7 #56B4E9 #D55E00 #332288 #F0E442 #000000 #661100",
  dark: "#3E9BDC #F2AE2E #1DBE90 #DE92BC #8FD0F7 #F07C3A #9A8BE8 #F0E442 #F4F4F4 #C8553D",
};
/** Slot of the categories past those that can be told apart, and of missing values. */
export const CATEGORY_SLOTS = 10;
export const OTHER_SLOT = CATEGORY_SLOTS;
export const MISSING_SLOT = 255;
const OTHER = { light: "#a3abb5", dark: "#717a86" };
const MISSING = { light: "#c3c9d0", dark: "#4c545f" };
const MUTED = { light: "#b9c0c8", dark: "#4a525d" };
const PAPER = { light: "#ffffff", dark: "#14171c" };
const ONE_COLOR = { light: "#2f6fb3", dark: "#6aa9ec" };

/** Splits that have a color of their own wherever they are shown: slots of `CATEGORIES`. */
const SPLIT_SLOTS: Readonly<Record<string, number>> = { train: 0, val: 5, test: 2, unlabeled: 6 };

/**
 * Perceptual scales, even in lightness, from the least value to the greatest: what stands out from
 * the paper is what is high. Taken from magma and viridis (van der Walt and Smith 2015, CC0).
 */
const SCALES = {
  light: "#fcdfa8 #feb77e #fb8861 #eb5760 #c83e73 #9b2e7f #6f1f81 #451077 #1d1147",
  dark: "#443983 #3a548c #2e6d8e #24868e #1fa088 #3dbc74 #7ad151 #bddf26 #fde725",
};

/** Scales that part at zero: blue below, orange above, grey where there is no difference. */
const DIVERGING = {
  light: "#053f86 #2f74c0 #86b3e0 #cfd5db #eeb27a #d0721f #843a00",
  dark: "#a9d2ff #5b9fe8 #3f6d9c #5d6773 #96652c #dd8d33 #ffd08a",
};

/** Color of a category's slot, as CSS. */
export function categoryColor(slot: number, theme: Theme): string {
  if (slot === MISSING_SLOT) return MISSING[theme];
  return CATEGORIES[theme].split(" ")[slot] ?? OTHER[theme];
}

/** Slots for split names: the usual ones always alike, others what is left. */
export function splitSlots(names: readonly string[]): number[] {
  const used = new Set(names.map((name) => SPLIT_SLOTS[name]));
  const spare = [...Array(CATEGORY_SLOTS).keys()].filter((slot) => !used.has(slot));
  return names.map((name) => SPLIT_SLOTS[name] ?? spare.shift() ?? OTHER_SLOT);
}

/** Color of a split, as CSS. */
export function splitColor(name: string, names: readonly string[], theme: Theme): string {
  return categoryColor(splitSlots(names)[names.indexOf(name)] ?? OTHER_SLOT, theme);
}

/** Color at `level` 0…1 of the scale of numbers, as CSS. */
export function scaleColor(level: number, theme: Theme, diverging = false): string {
  const [red, green, blue] = scaleAt(level, theme, diverging);
  return `rgb(${red} ${green} ${blue})`;
}

/** Color of points in one color, as CSS. */
export function oneColor(theme: Theme): string {
  return ONE_COLOR[theme];
}

/** Colors of the raster as 0xAABBGGRR. */
export function rasterColors(theme: Theme) {
  return {
    muted: packed(MUTED[theme]) & 0xffffff,
    paper: packed(PAPER[theme]) & 0xffffff,
    one: packed(ONE_COLOR[theme]),
  };
}

/** 256 colors by slot: categories, other, missing. */
export function categoryPalette(theme: Theme): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, slot) => packed(categoryColor(slot, theme)));
}

/** 256 colors by level: 0…254 from the least to the greatest, 255 missing. */
export function numberPalette(theme: Theme, diverging = false): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, level) => {
    if (level === MISSING_SLOT) return packed(MISSING[theme]);
    const [red, green, blue] = scaleAt(level / 254, theme, diverging);
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}

function scaleAt(level: number, theme: Theme, diverging: boolean): [number, number, number] {
  const stops = (diverging ? DIVERGING : SCALES)[theme].split(" ");
  const at = Math.max(0, Math.min(1, level)) * (stops.length - 1);
  const place = Math.min(stops.length - 2, Math.floor(at));
  const [a, b] = [channels(stops[place]!), channels(stops[place + 1]!)];
  const mixed = a.map((value, channel) => Math.round(value + (b[channel]! - value) * (at - place)));
  return mixed as [number, number, number];
}

function channels(hex: string): [number, number, number] {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function packed(hex: string): number {
  const [red, green, blue] = channels(hex);
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
