import type { Session } from "../state/session";
import type { Projector } from "./look";
import type { Scene } from "./scene";

/** Side of a picture among the points, in CSS pixels, and the room around it. */
export const PICTURE = 44;
const CELL = 58;
/** Pictures are drawn from this zoom on, if so few points are about. */
const FROM_ZOOM = 2.2;
const MOST_ABOUT = 12_000;

/** A picture drawn at its point. */
export interface ShownPicture {
  readonly row: number;
  /** Place in the order of drawing, where its color and coordinates are. */
  readonly place: number;
}

/** The samples whose pictures are drawn: the most important one of each cell of the canvas. */
export function shownThumbnails(
  session: Session,
  scene: Scene,
  to: Projector,
  width: number,
  height: number,
): ShownPicture[] {
  const { zoom } = session.camera.peek();
  const { thumbnails, fails, dataset } = session;
  if (!thumbnails.any || zoom < FROM_ZOOM || dataset.n / zoom ** 2 > MOST_ABOUT) return [];
  const { rows, x, y } = scene.points;
  const taken = new Set<number>();
  const shown: ShownPicture[] = [];
  for (let place = 0; place < rows.length; place++) {
    const px = to.offsetX + x[place]! * to.scale;
    const py = to.offsetY - y[place]! * to.scale;
    if (!(px >= 0 && py >= 0 && px < width && py < height)) continue;
    const row = rows[place]!;
    if (fails[row] !== 0 || !thumbnails.has(row)) continue;
    const cell = Math.floor(px / CELL) + 1000 * Math.floor(py / CELL);
    const near = [-1001, -1000, -999, -1, 0, 1, 999, 1000, 1001];
    if (taken.has(cell) || crowded(shown, near, cell, taken, px, py, to, x, y)) continue;
    taken.add(cell);
    shown.push({ row, place });
  }
  return shown;
}

/** The row of the picture at a CSS pixel; null if there is none. */
export function pictureAt(
  pictures: readonly ShownPicture[],
  px: number,
  py: number,
  to: Projector,
  x: Float32Array,
  y: Float32Array,
): number | null {
  const half = PICTURE / 2;
  const found = pictures.find(
    ({ place }) =>
      Math.abs(to.offsetX + x[place]! * to.scale - px) <= half &&
      Math.abs(to.offsetY - y[place]! * to.scale - py) <= half,
  );
  return found?.row ?? null;
}

/** Whether a picture would lie over one that is chosen. */
function crowded(
  shown: readonly ShownPicture[],
  near: readonly number[],
  cell: number,
  taken: ReadonlySet<number>,
  px: number,
  py: number,
  to: Projector,
  x: Float32Array,
  y: Float32Array,
): boolean {
  if (!near.some((step) => taken.has(cell + step))) return false;
  return shown.some(({ place }) => {
    const [ox, oy] = [to.offsetX + x[place]! * to.scale, to.offsetY - y[place]! * to.scale];
    return Math.abs(ox - px) < PICTURE + 4 && Math.abs(oy - py) < PICTURE + 4;
  });
}
