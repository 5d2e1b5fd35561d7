/** Boxes and outlines of a sample, in shares of its picture's width and height. */
import type { OverlaysHeader } from "../payload";

/** One object on a picture. */
export interface Overlay {
  /** x0, y0, x1, y1, each 0…1. */
  box: [number, number, number, number];
  /** x, y of the corners in turn, 0…1; empty where there is only a box. */
  outline: number[];
  category: string;
  /** 0…1, null where there is none. */
  score: number | null;
  role: "target" | "prediction";
}

/** The overlay arrays of the payload, read into place. */
export interface OverlayArrays {
  first: Uint32Array;
  box: Uint16Array;
  category: Uint16Array;
  score: Uint8Array;
  role: Uint8Array;
  polygonFirst: Uint32Array | null;
  polygon: Uint16Array | null;
}

export type OverlayRefs = OverlaysHeader;

const WHOLE = 65535; // a coordinate is in 1/65535 of the picture
const SCORES = 254; // of a score that is there
const NO_SCORE = 255;

/** The objects of one row, targets first; `names` are the classes by index. */
export function overlaysOf(
  arrays: OverlayArrays,
  row: number,
  names: readonly string[],
): Overlay[] {
  const found: Overlay[] = [];
  for (let i = arrays.first[row]!; i < arrays.first[row + 1]!; i++) {
    const code = arrays.category[i]!;
    const score = arrays.score[i]!;
    found.push({
      box: [0, 1, 2, 3].map((k) => arrays.box[4 * i + k]! / WHOLE) as Overlay["box"],
      outline: outlineOf(arrays, i),
      category: names[code] ?? String(code),
      score: score === NO_SCORE ? null : score / SCORES,
      role: arrays.role[i] === 0 ? "target" : "prediction",
    });
  }
  return found.sort((a, b) => Number(a.role === "prediction") - Number(b.role === "prediction"));
}

function outlineOf({ polygonFirst, polygon }: OverlayArrays, object: number): number[] {
  if (!polygonFirst || !polygon) return [];
  const points = polygon.subarray(2 * polygonFirst[object]!, 2 * polygonFirst[object + 1]!);
  return Array.from(points, (value) => value / WHOLE);
}
