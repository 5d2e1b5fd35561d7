/** Where the parts of a curve's drawing are, in pixels. */
import { along, type Axis } from "./geometry";

const PLOT_HEIGHT = 132;
export const COUNTS_HEIGHT = 18;
const MARGIN = { left: 46, right: 8, top: 8 };
/** Pixels between the plot and the bars of the counts. */
export const GAP = 6;
const LABEL_HEIGHT = 18;

/** Where the drawing's parts are. */
export interface Frame {
  width: number;
  height: number;
  axis: Axis;
  left: number;
  right: number;
  top: number;
  bottom: number;
  slot: number;
  bins: number;
}

export function frameOf(width: number, bins: number, axis: Axis): Frame {
  const [left, right] = [MARGIN.left, width - MARGIN.right];
  const bottom = MARGIN.top + PLOT_HEIGHT;
  const height = bottom + GAP + COUNTS_HEIGHT + LABEL_HEIGHT;
  return {
    width,
    height,
    axis,
    left,
    right,
    top: MARGIN.top,
    bottom,
    slot: (right - left) / Math.max(bins, 1),
    bins,
  };
}

export const yOf = (frame: Frame, value: number): number =>
  along(frame.axis, value, frame.bottom, frame.top);
export const within = (frame: Frame, y: number): number =>
  Math.min(Math.max(y, frame.top), frame.bottom);
