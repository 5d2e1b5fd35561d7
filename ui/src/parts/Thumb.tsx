import { useEffect, useRef } from "preact/hooks";
import { useSession } from "../state";

/**
 * The picture of a sample, drawn when its sheet has come; a plain square where there is none.
 *
 * @param size of the square, in CSS pixels.
 */
export function Thumb({ row, size }: { row: number; size: number }) {
  const { thumbnails } = useSession();
  const canvas = useRef<HTMLCanvasElement>(null);
  const version = thumbnails.version.value;
  useEffect(() => {
    const context = canvas.current!.getContext("2d")!;
    const side = canvas.current!.width;
    context.clearRect(0, 0, side, side);
    const tile = thumbnails.tile(row);
    if (!tile) return;
    context.imageSmoothingEnabled = tile.size > side;
    context.drawImage(tile.sheet, tile.x, tile.y, tile.size, tile.size, 0, 0, side, side);
  }, [row, size, version, thumbnails]);
  const pixels = Math.round(size * Math.min(2, globalThis.devicePixelRatio || 1));
  const style = { width: `${size}px`, height: `${size}px` };
  return <canvas ref={canvas} class="thumb" width={pixels} height={pixels} style={style} aria-hidden="true" />;
}
