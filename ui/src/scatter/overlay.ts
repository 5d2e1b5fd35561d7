import { theme } from "../parts/theme";
import type { Session } from "../state/session";
import type { Point } from "../state/filters";
import { PICTURE, type ShownPicture } from "./pictures";
import type { Projector } from "./look";
import type { Scene } from "./scene";
import { categoryColor, oneColor, scaleColor } from "./palette";

/** What is drawn above the points, besides what the session says. */
export interface OverlayParts {
  /** A lasso or box under way, in CSS pixels. */
  readonly path: readonly Point[];
  readonly pictures: readonly ShownPicture[];
  /** Closed lines around the selected insight's region, in the plane. */
  readonly outlines: readonly (readonly Point[])[];
}

const ACCENT = { light: "#0a5fd0", dark: "#7fb4ff" };
const INK = { light: "#1b1f24", dark: "#f2f4f7" };

/** Draw what lies above the points: pictures, the lasso, rings around samples. */
export function drawOverlay(
  context: CanvasRenderingContext2D,
  session: Session,
  scene: Scene,
  parts: OverlayParts,
  ratio: number,
  to: Projector,
): void {
  const { width, height } = context.canvas;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width / ratio, height / ratio);
  for (const picture of parts.pictures) drawPicture(context, session, scene, picture, to);
  drawOutlines(context, parts.outlines, to);
  drawLassos(context, session, to);
  if (parts.path.length > 1) drawPath(context, parts.path);
  const { pinned, projection } = session.state.peek();
  const plane = session.dataset.plane(projection);
  if (!plane) return;
  for (const [row, radius] of [[pinned, 9], [session.hovered.peek(), 7]] as const)
    if (row !== null) drawRing(context, plane.x[row]!, plane.y[row]!, radius, to);
}

function drawPicture(
  context: CanvasRenderingContext2D,
  session: Session,
  scene: Scene,
  { row, place }: ShownPicture,
  to: Projector,
): void {
  const tile = session.thumbnails.tile(row);
  if (!tile) return;
  const { x, y } = scene.points;
  const left = Math.round(to.offsetX + x[place]! * to.scale - PICTURE / 2);
  const top = Math.round(to.offsetY - y[place]! * to.scale - PICTURE / 2);
  context.fillStyle = colorOf(scene, row);
  context.beginPath();
  context.roundRect(left - 2, top - 2, PICTURE + 4, PICTURE + 4, 5);
  context.fill();
  context.save();
  context.beginPath();
  context.roundRect(left, top, PICTURE, PICTURE, 3);
  context.clip();
  context.drawImage(tile.sheet, tile.x, tile.y, tile.size, tile.size, left, top, PICTURE, PICTURE);
  context.restore();
}

/** Color of a row's point, as CSS. */
export function colorOf(scene: Scene, row: number): string {
  const { coloring } = scene;
  if (coloring.kind === "one") return oneColor(theme.peek());
  const code = coloring.codes[row]!;
  if (coloring.kind === "category" || code === 255) return categoryColor(code, theme.peek());
  const diverging = coloring.kind === "number" && coloring.scale.diverging;
  return scaleColor(code / 254, theme.peek(), diverging);
}

function drawLassos(context: CanvasRenderingContext2D, session: Session, to: Projector): void {
  const { filters, projection } = session.state.peek();
  for (const filter of filters)
    if (filter.type === "lasso" && filter.projection === projection)
      drawPath(
        context,
        filter.polygon.map(([x, y]) => [to.offsetX + x * to.scale, to.offsetY - y * to.scale]),
      );
}

function drawOutlines(
  context: CanvasRenderingContext2D,
  outlines: OverlayParts["outlines"],
  to: Projector,
): void {
  if (!outlines.length) return;
  context.beginPath();
  for (const ring of outlines) {
    ring.forEach(([x, y], place) => {
      const [px, py] = [to.offsetX + x * to.scale, to.offsetY - y * to.scale];
      if (place) context.lineTo(px, py);
      else context.moveTo(px, py);
    });
    context.closePath();
  }
  context.lineWidth = 1.5;
  context.setLineDash([5, 3]);
  context.strokeStyle = INK[theme.peek()];
  context.stroke();
  context.setLineDash([]);
}

function drawPath(context: CanvasRenderingContext2D, path: readonly Point[]): void {
  context.beginPath();
  path.forEach(([x, y]) => context.lineTo(x, y));
  context.closePath();
  const accent = ACCENT[theme.peek()];
  context.globalAlpha = 0.08;
  context.fillStyle = accent;
  context.fill("evenodd");
  context.globalAlpha = 1;
  context.lineWidth = 1.5;
  context.strokeStyle = accent;
  context.stroke();
}

function drawRing(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  to: Projector,
): void {
  if (!(x === x)) return;
  const [px, py] = [to.offsetX + x * to.scale, to.offsetY - y * to.scale];
  context.beginPath();
  context.arc(px, py, radius, 0, 2 * Math.PI);
  context.lineWidth = 4;
  context.strokeStyle = theme.peek() === "dark" ? "#14171c" : "#ffffff";
  context.stroke();
  context.lineWidth = 2;
  context.strokeStyle = INK[theme.peek()];
  context.stroke();
}
