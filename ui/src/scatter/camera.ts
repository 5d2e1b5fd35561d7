import type { Camera } from "../state/view";
import type { Projector } from "./look";

/** Share of the smaller side that the plane's −1…1 takes at zoom 1. */
const FILLED = 0.95;
export const LEAST_ZOOM = 0.5;
export const GREATEST_ZOOM = 400;
export const WHOLE: Camera = { x: 0, y: 0, zoom: 1 };

/** How the plane becomes pixels of a picture of that size. */
export function projectorOf(camera: Camera, width: number, height: number): Projector {
  const scale = (camera.zoom * FILLED * Math.min(width, height)) / 2;
  return {
    scale,
    offsetX: width / 2 - camera.x * scale,
    offsetY: height / 2 + camera.y * scale,
  };
}

/** The place in the plane that lies at a pixel. */
export function planeAt(px: number, py: number, to: Projector): [x: number, y: number] {
  return [(px - to.offsetX) / to.scale, (to.offsetY - py) / to.scale];
}

/** The camera after a zoom by `factor` that leaves the place (x, y) where it is. */
export function zoomedAt(camera: Camera, x: number, y: number, factor: number): Camera {
  const zoom = Math.max(LEAST_ZOOM, Math.min(GREATEST_ZOOM, camera.zoom * factor));
  const moved = camera.zoom / zoom;
  return { zoom, x: x + (camera.x - x) * moved, y: y + (camera.y - y) * moved };
}

/** The camera moved, its middle kept within the plane. */
export function movedBy(camera: Camera, x: number, y: number): Camera {
  const bound = (value: number) => Math.max(-1.2, Math.min(1.2, value));
  return { ...camera, x: bound(camera.x + x), y: bound(camera.y + y) };
}

/** The camera that shows all of the given places, with a margin; null if there are none. */
export function fitting(x: Float32Array, y: Float32Array, rows: Iterable<number>): Camera | null {
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const row of rows) {
    if (!(x[row] === x[row])) continue;
    left = Math.min(left, x[row]!);
    right = Math.max(right, x[row]!);
    bottom = Math.min(bottom, y[row]!);
    top = Math.max(top, y[row]!);
  }
  if (left > right) return null;
  const reach = Math.max(right - left, top - bottom, 2 / GREATEST_ZOOM) * 1.15;
  const zoom = Math.max(LEAST_ZOOM, Math.min(GREATEST_ZOOM, 2 / reach));
  return { x: (left + right) / 2, y: (bottom + top) / 2, zoom };
}
