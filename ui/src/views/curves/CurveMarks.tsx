import type { CurveBin } from "../../payload";
import { number } from "../../parts/format";
import type { ChartProps } from "./CurveChart";
import { COUNTS_HEIGHT, GAP, within, yOf, type Frame } from "./frame";
import { FEW_SAMPLES } from "./geometry";

const DODGE = 7; // pixels between the markers of two splits

/** The vertical axis, with a line at every tick. */
export function ValueAxis({ frame, title }: { frame: Frame; title: string }) {
  const middle = (frame.top + frame.bottom) / 2;
  return (
    <g class="curve-axis">
      {frame.axis.ticks.map((tick) => (
        <g key={tick} transform={`translate(0 ${yOf(frame, tick)})`}>
          <line x1={frame.left} x2={frame.right} class={tick === 0 ? "curve-zero" : "curve-grid"} />
          <text x={frame.left - 5} dy="0.32em" text-anchor="end">
            {number(tick)}
          </text>
        </g>
      ))}
      <text
        transform={`translate(9 ${middle}) rotate(-90)`}
        text-anchor="middle"
        class="curve-title"
      >
        {title}
      </text>
    </g>
  );
}

type SeriesProps = ChartProps & { frame: Frame; split: string; place: number; among: number };

/** The means of one split. */
export function Series({ curve, frame, split, place, among, colorOf, kept }: SeriesProps) {
  const shift = (place - (among - 1) / 2) * Math.min(DODGE, frame.slot / (among + 1));
  const points = curve.series[split]!.map((bin, i) => ({
    bin,
    i,
    x: frame.left + (i + 0.5) * frame.slot + shift,
  }));
  const drawn = points.filter(({ bin }) => bin.mean !== null);
  const line = drawn.map(({ bin, x }) => `${x},${yOf(frame, bin.mean!)}`).join(" ");
  return (
    <g style={{ color: colorOf(split) }} class="curve-series">
      {curve.binning !== "categorical" && <polyline points={line} />}
      {drawn.map(({ bin, i, x }) => (
        <Mark
          key={i}
          bin={bin}
          x={x}
          frame={frame}
          square={place % 2 === 1}
          faded={kept !== null && !kept[i]}
        />
      ))}
    </g>
  );
}

interface MarkProps {
  bin: CurveBin;
  x: number;
  frame: Frame;
  square: boolean;
  faded: boolean;
}

/** A mean with its interval; hollow and dashed where the samples are few. */
function Mark({ bin, x, frame, square, faded }: MarkProps) {
  const few = bin.n < FEW_SAMPLES;
  const [lower, upper] = bin.interval;
  const y = yOf(frame, bin.mean!);
  const name = `curve-mark${few ? " is-few" : ""}${faded ? " is-faded" : ""}`;
  return (
    <g class={name}>
      {lower !== null && upper !== null && (
        <line
          x1={x}
          x2={x}
          y1={within(frame, yOf(frame, lower))}
          y2={within(frame, yOf(frame, upper))}
        />
      )}
      {square ? (
        <rect x={x - 3} y={y - 3} width={6} height={6} />
      ) : (
        <circle cx={x} cy={y} r={3.2} />
      )}
    </g>
  );
}

/** How many samples each bin has, as bars under the curve. */
export function Counts({
  curve,
  frame,
  splits,
  colorOf,
}: ChartProps & { frame: Frame; splits: string[] }) {
  const most = Math.max(1, ...splits.flatMap((split) => curve.series[split]!.map((bin) => bin.n)));
  const base = frame.bottom + GAP + COUNTS_HEIGHT;
  const bar = Math.max(1, (frame.slot * 0.76) / splits.length);
  return (
    <g class="curve-counts">
      <text x={frame.left - 5} y={base - COUNTS_HEIGHT / 2} dy="0.32em" text-anchor="end">
        n
      </text>
      {splits.map((split, place) =>
        curve.series[split]!.map((bin, i) => {
          const height = bin.n ? Math.max(1, (bin.n / most) * COUNTS_HEIGHT) : 0;
          const x = frame.left + (i + 0.12) * frame.slot + place * bar;
          return (
            <rect
              key={`${split}${i}`}
              x={x}
              y={base - height}
              width={Math.max(bar - 1, 1)}
              height={height}
              fill={colorOf(split)}
            />
          );
        }),
      )}
      <line x1={frame.left} x2={frame.right} y1={base + 0.5} y2={base + 0.5} class="curve-grid" />
    </g>
  );
}
