import { useEffect, useRef } from "preact/hooks";
import type { Dataset } from "../data/dataset";
import { useSession, type Session } from "../state";
import { overlaysOf, type Overlay, type OverlayArrays } from "./overlays";

export interface PictureProps {
  readonly row: number;
  /** side in CSS pixels. */
  readonly size: number;
  /** whether boxes and outlines are drawn over it. */
  readonly overlays?: boolean;
  /** what it shows, for those who do not see it; empty if the text beside it says so. */
  readonly label?: string;
}

/** A sample's thumbnail with its objects drawn; a quiet square where there is none. */
export function Picture({ row, size, overlays = true, label = "" }: PictureProps) {
  const { dataset, thumbnails } = useSession();
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawn = useRef("");
  const version = thumbnails.version.value;
  const side = Math.round(size * devicePixelRatio);
  const wanted = `${row}/${side}/${overlays}`;
  useEffect(() => {
    // What is drawn stays: a sheet that came for another tile is no reason to ask for this one's again.
    if (drawn.current === wanted) return;
    const pen = canvas.current!.getContext("2d")!;
    pen.clearRect(0, 0, side, side);
    const tile = thumbnails.tile(row);
    if (!tile) return void (drawn.current = "");
    drawn.current = wanted;
    pen.imageSmoothingEnabled = side < PIXELATED_FROM * tile.size;
    pen.imageSmoothingQuality = "high";
    pen.drawImage(tile.sheet, tile.x, tile.y, tile.size, tile.size, 0, 0, side, side);
    if (overlays) for (const overlay of rowOverlays(dataset, row)) drawOverlay(pen, overlay, side);
  }, [wanted, version, dataset, thumbnails]);
  const style = { width: `${size}px`, height: `${size}px` };
  const name = label
    ? ({ role: "img", "aria-label": label } as const)
    : ({ "aria-hidden": true } as const);
  return <canvas ref={canvas} class="picture" width={side} height={side} style={style} {...name} />;
}

/** Whether a row has a picture. */
export const hasPicture = (session: Session, row: number): boolean => session.thumbnails.has(row);

/** Magnification from which pixels are shown as such: smoothing would invent what is not there. */
const PIXELATED_FROM = 6;

/** The boxes and outlines of a row; none where the run has none. */
export function rowOverlays(dataset: Dataset, row: number): Overlay[] {
  const arrays = overlayArrays(dataset);
  return arrays ? overlaysOf(arrays, row, dataset.header.class_names) : [];
}

const overlaysRead = new WeakMap<Dataset, OverlayArrays | null>();

function overlayArrays(dataset: Dataset): OverlayArrays | null {
  const known = overlaysRead.get(dataset);
  if (known !== undefined) return known;
  const refs = dataset.header.overlays;
  const read = <T,>(ref: Parameters<typeof dataset.payload.array>[0]): T =>
    dataset.payload.array(ref) as T;
  const arrays = refs && {
    first: read<Uint32Array>(refs.first),
    box: read<Uint16Array>(refs.box),
    category: read<Uint16Array>(refs.category),
    score: read<Uint8Array>(refs.score),
    role: read<Uint8Array>(refs.role),
    polygonFirst: refs.polygon_first && read<Uint32Array>(refs.polygon_first),
    polygon: refs.polygon && read<Uint16Array>(refs.polygon),
  };
  overlaysRead.set(dataset, arrays);
  return arrays;
}

/** Targets are solid, predictions dashed; both on a dark line, so that they show on any picture. */
const TARGET_COLOR = "#3ddc97";
const PREDICTION_COLOR = "#ffb000";

function drawOverlay(
  pen: CanvasRenderingContext2D,
  { box, outline, role }: Overlay,
  side: number,
): void {
  const width = Math.max(1, side / 160);
  pen.beginPath();
  if (outline.length >= 6) {
    for (let i = 0; i < outline.length; i += 2)
      pen.lineTo(outline[i]! * side, outline[i + 1]! * side);
    pen.closePath();
  } else pen.rect(box[0] * side, box[1] * side, (box[2] - box[0]) * side, (box[3] - box[1]) * side);
  const color = role === "target" ? TARGET_COLOR : PREDICTION_COLOR;
  if (outline.length >= 6) {
    pen.fillStyle = `${color}33`;
    pen.fill();
  }
  pen.setLineDash([]);
  pen.lineWidth = 2.5 * width;
  pen.strokeStyle = "#000a";
  pen.stroke();
  pen.setLineDash(role === "target" ? [] : [5 * width, 3 * width]);
  pen.lineWidth = 1.4 * width;
  pen.strokeStyle = color;
  pen.stroke();
}
