import { useRef } from "preact/hooks";
import { isWhole, placeOf, type Binning } from "../../crossfilter/binning";
import { number, whole } from "../../parts/format";
import { largestShare, type SplitShares } from "./bySplit";
import { afterMove, bounded, grip, type Grip, type Range } from "./brush";

const HEIGHT = 44;
/** Kept bars are magnified by the greatest of these that keeps them in the picture. */
const MAGNIFICATIONS = [1000, 500, 200, 100, 50, 20, 10, 5, 2];
/** ... if without it they would be lower than this share of the height. */
const LOW = 0.2;

/** Bars of all samples in faint, of the kept ones in full; drag to select a range. */
export function Histogram(props: {
  label: string;
  binning: Binning;
  /** Least and greatest value of the column. */
  bounds: Range;
  counts: Uint32Array;
  total: Uint32Array;
  range: Range | null;
  /** every split for itself, in place of all kept samples. */
  splits: readonly SplitShares[] | null;
  onBin: (bin: number | null) => void;
  onRange: (range: Range | null) => void;
  onEnd: () => void;
}) {
  const { binning, counts, total, range, bounds, splits } = props;
  const drag = useRef<{ grip: Grip; moved: boolean } | null>(null);
  const { size } = binning;
  const top = Math.max(1, ...total.subarray(0, size));
  const factor = magnification(Math.max(0, ...counts.subarray(0, size)), top);
  const at = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    return Math.max(0, Math.min(size, ((event.clientX - box.left) / box.width) * size));
  };
  const brush = range && [place(range[0], binning), place(range[1], binning, true)];
  return (
    <div class="histogram">
      <svg
        viewBox={`0 0 ${size} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={summary(props)}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.current = { grip: grip(at(event), brush as Range | null, size), moved: false };
        }}
        onPointerMove={(event) => {
          const now = at(event);
          if (!drag.current) return props.onBin(Math.min(size - 1, Math.floor(now)));
          const next = afterMove(drag.current.grip, now, size);
          if (!next && !drag.current.moved) return;
          drag.current.moved = true;
          if (next) props.onRange(bounded(next, binning, bounds));
        }}
        onPointerUp={() => {
          if (drag.current && !drag.current.moved && range) props.onRange(null);
          drag.current = null;
          props.onEnd();
        }}
        onPointerLeave={() => props.onBin(null)}
      >
        <path class="bars-all" d={bars(total, size, top)} />
        {splits ? (
          splits.map(({ split, color, shares }) => (
            <path key={split} class="bars-split" stroke={color} d={steps(shares, largestShare(splits))} />
          ))
        ) : (
          <path class="bars-kept" d={bars(counts, size, top / factor)} />
        )}
        {brush && (
          <>
            <rect class="brush-out" x={0} width={brush[0]} height={HEIGHT} />
            <rect class="brush-out" x={brush[1]} width={Math.max(0, size - brush[1]!)} height={HEIGHT} />
            <path class="brush-edge" d={`M${brush[0]} 0V${HEIGHT}M${brush[1]} 0V${HEIGHT}`} />
          </>
        )}
      </svg>
      {factor > 1 && !splits && <span class="magnified">kept × {factor}</span>}
    </div>
  );
}

function summary({ label, bounds, counts, range }: Parameters<typeof Histogram>[0]): string {
  let kept = 0;
  for (const value of counts) kept += value;
  const chosen = range ? `, limited to ${number(range[0])} – ${number(range[1])}` : "";
  return `Histogram of ${label}: ${number(bounds[0])} to ${number(bounds[1])}, ${whole(kept)} samples${chosen}`;
}

/** Where a value lies in bins; a whole number's bin reaches up to the next one. */
function place(value: number, binning: Binning, end = false): number {
  const whole = end && isWhole(binning) ? 1 : 0;
  return Math.max(0, Math.min(binning.size, placeOf(binning, value + whole)));
}

function magnification(kept: number, top: number): number {
  if (kept === 0 || kept / top >= LOW) return 1;
  return MAGNIFICATIONS.find((factor) => kept * factor <= top) ?? 1;
}

/** A line over the tops of the bins. */
function steps(shares: Float32Array, most: number): string {
  const heights = Array.from(shares, (share) => (HEIGHT - 1) * (1 - share / most) + 1);
  return heights.map((y, bin) => `${bin ? "V" : "M0 "}${y.toFixed(2)}H${bin + 1}`).join("");
}

function bars(counts: Uint32Array, size: number, top: number): string {
  const gap = size > 24 ? 0.1 : 0.06;
  let path = "";
  for (let bin = 0; bin < size; bin++) {
    const value = counts[bin];
    if (!value) continue;
    const height = Math.max(1, (value / top) * (HEIGHT - 1));
    path += `M${bin + gap / 2} ${HEIGHT}v${-height.toFixed(2)}h${1 - gap}v${height.toFixed(2)}z`;
  }
  return path;
}
