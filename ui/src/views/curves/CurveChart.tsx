import { useId, useState } from "preact/hooks";
import type { Curve, CurveBin } from "../../payload";
import { bounds, count, number, whole } from "../insights/words";
import { FEW_SAMPLES, along, edgesOf, splitsOf, valueAxis, type Axis } from "./geometry";

/** A curve and how to name it. */
export interface ChartProps {
  readonly curve: Curve;
  /** the horizontal axis, in words. */
  readonly field: string;
  /** the vertical axis, in words. */
  readonly measure: string;
  /** splits in the order of the report. */
  readonly splitOrder: readonly string[];
  readonly colorOf: (split: string) => string;
  /** of the intervals. */
  readonly confidence: number;
  readonly width: number;
  /** bins that a filter keeps; null if there is no filter on this field. */
  readonly kept: readonly boolean[] | null;
  /** asked to keep the bins from one to another, both included; the same bin again is "no more". */
  readonly onKeep?: (first: number, last: number) => void;
}

const PLOT_HEIGHT = 132;
const COUNTS_HEIGHT = 18;
const MARGIN = { left: 46, right: 8, top: 8, gap: 6 };
const LABEL_HEIGHT = 18;
const LABEL_WIDTH = 46; // pixels that a label under the axis needs
const DODGE = 7; // pixels between the markers of two splits

/** A curve: the mean of a measure with its interval in every bin of a field, a line per split. */
export function CurveChart(props: ChartProps) {
  const { curve, width, measure, splitOrder, confidence } = props;
  const [shown, setShown] = useState<number | null>(null);
  const splits = splitsOf(curve, splitOrder);
  const bins = curve.series[splits[0]!] ?? [];
  const frame = frameOf(
    width,
    bins.length,
    valueAxis(splits.map((split) => [...curve.series[split]!])),
  );
  return (
    <div class="curve-chart">
      <svg width={width} height={frame.height} aria-hidden="true">
        <ValueAxis frame={frame} title={measure} />
        {splits.map((split, place) => (
          <Series
            key={split}
            {...props}
            frame={frame}
            split={split}
            place={place}
            among={splits.length}
          />
        ))}
        <Counts {...props} frame={frame} splits={splits} />
        <BinLabels frame={frame} bins={bins} shown={shown} />
      </svg>
      <BinButtons {...props} frame={frame} bins={bins} splits={splits} onShow={setShown} />
      <Readout
        curve={curve}
        splits={splits}
        bin={shown}
        colorOf={props.colorOf}
        confidence={confidence}
      />
    </div>
  );
}

/** Where the drawing's parts are. */
interface Frame {
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

function frameOf(width: number, bins: number, axis: Axis): Frame {
  const [left, right] = [MARGIN.left, width - MARGIN.right];
  const bottom = MARGIN.top + PLOT_HEIGHT;
  const height = bottom + MARGIN.gap + COUNTS_HEIGHT + LABEL_HEIGHT;
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

const yOf = (frame: Frame, value: number): number =>
  along(frame.axis, value, frame.bottom, frame.top);
const within = (frame: Frame, y: number): number => Math.min(Math.max(y, frame.top), frame.bottom);

function ValueAxis({ frame, title }: { frame: Frame; title: string }) {
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

function Series({ curve, frame, split, place, among, colorOf, kept }: SeriesProps) {
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
function Counts({
  curve,
  frame,
  splits,
  colorOf,
}: ChartProps & { frame: Frame; splits: string[] }) {
  const most = Math.max(1, ...splits.flatMap((split) => curve.series[split]!.map((bin) => bin.n)));
  const base = frame.bottom + MARGIN.gap + COUNTS_HEIGHT;
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

/** Edges between bins of numbers, names under categories and single values; as many as fit. */
function BinLabels({
  frame,
  bins,
  shown,
}: {
  frame: Frame;
  bins: readonly CurveBin[];
  shown: number | null;
}) {
  const edges = edgesOf(bins);
  const y = frame.height - 5;
  const every = Math.max(1, Math.ceil(LABEL_WIDTH / frame.slot));
  const letters = Math.max(3, Math.floor((every * frame.slot) / 6.2));
  if (edges)
    return (
      <g class="curve-labels">
        {edges.map((edge, i) => {
          const last = i === edges.length - 1;
          if (i % every !== 0 && !last) return null;
          if (
            !last &&
            i + every > edges.length - 1 &&
            i !== 0 &&
            (edges.length - 1 - i) * frame.slot < LABEL_WIDTH
          )
            return null;
          return (
            <text
              key={i}
              x={frame.left + i * frame.slot}
              y={y}
              text-anchor={last ? "end" : i === 0 ? "start" : "middle"}
            >
              {number(edge)}
            </text>
          );
        })}
      </g>
    );
  return (
    <g class="curve-labels">
      {bins.map((bin, i) =>
        i % every === 0 ? (
          <text
            key={i}
            x={frame.left + (i + 0.5) * frame.slot}
            y={y}
            text-anchor="middle"
            class={i === shown ? "is-shown" : ""}
          >
            {bin.label.length > letters ? `${bin.label.slice(0, letters - 1)}…` : bin.label}
          </text>
        ) : null,
      )}
    </g>
  );
}

type ButtonsProps = ChartProps & {
  frame: Frame;
  bins: readonly CurveBin[];
  splits: string[];
  onShow: (bin: number | null) => void;
};

/** A transparent button over each bin: one stop of the tab key, arrows from bin to bin. */
function BinButtons({
  curve,
  field,
  measure,
  frame,
  bins,
  splits,
  kept,
  confidence,
  onKeep,
  onShow,
}: ButtonsProps) {
  const [current, setCurrent] = useState(0);
  const [anchor, setAnchor] = useState<number | null>(null);
  const keep = (bin: number, extend: boolean): void => {
    const from = extend && anchor !== null ? anchor : bin;
    setAnchor(from);
    onKeep?.(Math.min(from, bin), Math.max(from, bin));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const target = step ? current + step : { Home: 0, End: bins.length - 1 }[event.key];
    if (event.key === "Enter" || event.key === " ") keep(current, event.shiftKey);
    else if (target === undefined || !bins[target]) return;
    else {
      setCurrent(target);
      (event.currentTarget as HTMLElement).children[target]!.dispatchEvent(
        new Event("latent-focus"),
      );
    }
    event.preventDefault();
  };
  const label = `Bins of ${field}; ${onKeep ? "Enter keeps the samples of one, Shift and Enter up to another" : measure}`;
  return (
    <div
      class="curve-bins"
      role="listbox"
      aria-multiselectable="true"
      aria-orientation="horizontal"
      aria-label={label}
      onKeyDown={onKeyDown}
    >
      {bins.map((_, i) => (
        <div
          key={i}
          role="option"
          aria-selected={kept?.[i] ?? false}
          aria-label={binWords(curve, splits, i, confidence)}
          tabIndex={i === Math.min(current, bins.length - 1) ? 0 : -1}
          ref={(element) =>
            element?.addEventListener("latent-focus", () => element.focus(), { once: true })
          }
          style={{
            left: `${frame.left + i * frame.slot}px`,
            width: `${frame.slot}px`,
            height: `${frame.height}px`,
          }}
          onClick={(event) => (setCurrent(i), keep(i, event.shiftKey))}
          onFocus={() => (setCurrent(i), onShow(i))}
          onBlur={() => onShow(null)}
          onMouseEnter={() => onShow(i)}
          onMouseLeave={() => onShow(null)}
        />
      ))}
    </div>
  );
}

/** A bin in words: its range, and n, mean and interval of every split. */
export function binWords(
  curve: Curve,
  splits: readonly string[],
  bin: number,
  confidence: number,
): string {
  const parts = splits.map(
    (split) => `${split} ${binValue(curve.series[split]![bin]!, confidence)}`,
  );
  return `${curve.series[splits[0]!]![bin]!.label}: ${parts.join("; ")}`;
}

function binValue(bin: CurveBin, confidence: number): string {
  if (bin.mean === null) return "no samples";
  const known = bin.interval[0] !== null;
  const interval = known
    ? `, ${Math.round(100 * confidence)} % interval ${bounds(bin.interval)}`
    : ", no interval";
  return `mean ${number(bin.mean)}${interval}, ${count(bin.n)}`;
}

interface ReadoutProps {
  curve: Curve;
  splits: string[];
  bin: number | null;
  colorOf: (split: string) => string;
  confidence: number;
}

/** The numbers of the bin under the pointer, in a place of their own; else what the marks mean. */
function Readout({ curve, splits, bin, colorOf, confidence }: ReadoutProps) {
  const first = bin === null ? undefined : curve.series[splits[0]!]![bin];
  return (
    <div class="curve-readout">
      {splits.map((split, place) => {
        const of = bin === null ? undefined : curve.series[split]![bin];
        return (
          <span key={split} class="curve-legend">
            <i class={place % 2 ? "is-square" : ""} style={{ background: colorOf(split) }} />
            <b>{split}</b>
            {of && (
              <span>
                {of.mean === null
                  ? "no samples"
                  : `${number(of.mean)} (${bounds(of.interval)}), n ${whole(of.n)}`}
              </span>
            )}
          </span>
        );
      })}
      {first ? (
        <span class="curve-of">{first.label}</span>
      ) : (
        <FewNote curve={curve} splits={splits} confidence={confidence} />
      )}
    </div>
  );
}

function FewNote({
  curve,
  splits,
  confidence,
}: {
  curve: Curve;
  splits: string[];
  confidence: number;
}) {
  const hasFew = splits.some((split) =>
    curve.series[split]!.some((bin) => bin.n > 0 && bin.n < FEW_SAMPLES),
  );
  const note = `bars: ${Math.round(100 * confidence)} % interval${hasFew ? `; hollow: under ${FEW_SAMPLES} samples` : ""}`;
  return <span class="curve-of">{note}</span>;
}

/** The same numbers as a table, for those who do not read drawings. */
export function CurveTable({
  curve,
  field,
  measure,
  splitOrder,
  confidence,
}: Omit<ChartProps, "width" | "kept" | "colorOf">) {
  const splits = splitsOf(curve, splitOrder);
  const caption = useId();
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-labelledby={caption}>
      <table class="curve-table">
        <caption
          id={caption}
        >{`${measure} by ${field}, mean and ${Math.round(100 * confidence)} % interval`}</caption>
        <thead>
          <tr>
            <th scope="col">{field}</th>
            {splits.flatMap((split) => [
              <th key={`${split}n`} scope="col">{`${split}, n`}</th>,
              <th key={split} scope="col">{`${split}, mean`}</th>,
            ])}
          </tr>
        </thead>
        <tbody>
          {curve.series[splits[0]!]?.map((first, i) => (
            <tr key={i}>
              <th scope="row">{first.label}</th>
              {splits.flatMap((split) => {
                const bin = curve.series[split]![i]!;
                return [
                  <td key={`${split}n`}>{whole(bin.n)}</td>,
                  <td key={split}>
                    {bin.mean === null ? "–" : `${number(bin.mean)} (${bounds(bin.interval)})`}
                  </td>,
                ];
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
