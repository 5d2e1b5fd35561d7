import type { InsightHeader } from "../../payload";
import { useSession } from "../../state";
import { along } from "../curves/geometry";
import { certainty, effectWords, rates, scaleOf, size, type Rate } from "./words";

const WIDTH = 132;
const HEIGHT = 18;

/** An insight's effect: its size in large letters, its interval drawn beside "no effect", and in words. */
export function Effect({ insight, confidence }: { insight: InsightHeader; confidence: number }) {
  const scale = scaleOf(insight.effect_name);
  return (
    <div class="effect">
      <b class="effect-size">{size(insight.effect, scale)}</b>
      <span class="effect-name">{effectWords(insight.effect_name)}</span>
      <Whisker insight={insight} />
      <small>{certainty(insight, confidence)}</small>
    </div>
  );
}

/** The interval as a line with the effect as a dot; a mark where there would be no effect. */
function Whisker({ insight }: { insight: InsightHeader }) {
  const { dataset } = useSession();
  const [lower, upper] = insight.interval;
  if (lower === null && upper === null) return null;
  const isRatio = scaleOf(insight.effect_name) === "ratio";
  const place = isRatio
    ? (value: number) => Math.log(Math.max(value, 1e-6))
    : (value: number) => value;
  const nothing = isRatio ? 1 : 0;
  const ends = comparable(insight, dataset.header.insights)
    .flatMap((one) => [nothing, ...one.interval, one.effect])
    .filter((value) => value !== null)
    .map(place);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const room = (high - low || 1) * 0.06;
  const axis = { low: low - room, high: high + room, ticks: [] };
  const x = (value: number): number => along(axis, place(value), 2, WIDTH - 2);
  const [from, to] = [lower === null ? 0 : x(lower), upper === null ? WIDTH : x(upper)];
  const middle = HEIGHT / 2;
  return (
    <svg class="whisker" width={WIDTH} height={HEIGHT} aria-hidden="true">
      <line x1={0} x2={WIDTH} y1={middle} y2={middle} class="whisker-axis" />
      <line x1={x(nothing)} x2={x(nothing)} y1={2} y2={HEIGHT - 2} class="whisker-nothing" />
      <line x1={from} x2={to} y1={middle} y2={middle} class="whisker-line" />
      {[lower === null ? null : from, upper === null ? null : to].map(
        (end, i) =>
          end !== null && (
            <line key={i} x1={end} x2={end} y1={middle - 4} y2={middle + 4} class="whisker-end" />
          ),
      )}
      <circle cx={x(insight.effect)} cy={middle} r={4} class="whisker-dot" />
    </svg>
  );
}

/** The insights whose effects may share an axis with this one: ratios with ratios, differences of one thing. */
function comparable(insight: InsightHeader, all: readonly InsightHeader[]): InsightHeader[] {
  const scale = scaleOf(insight.effect_name);
  const isAlike = (other: InsightHeader): boolean =>
    scale === "difference"
      ? other.effect_name === insight.effect_name
      : scaleOf(other.effect_name) === scale;
  return [insight, ...all.filter(isAlike)];
}

/** What the numbers are compared with, as bars on one scale per unit; counts as plain numbers. */
export function BaseRates({ insight }: { insight: InsightHeader }) {
  const all = rates(insight);
  if (!all.length) return null;
  const most = (unit: Rate["unit"]): number =>
    Math.max(
      ...all.filter((rate) => rate.unit === unit).map((rate) => Math.abs(rate.value)),
      Number.MIN_VALUE,
    );
  return (
    <dl class="rates">
      {all.map((rate) => (
        <div key={rate.name} class={rate.isInside ? "is-inside" : ""}>
          <dt>{rate.name}</dt>
          <dd class="rate-bar" aria-hidden="true">
            {rate.unit !== "count" && (
              <i style={{ width: `${(100 * Math.abs(rate.value)) / most(rate.unit)}%` }} />
            )}
          </dd>
          <dd class="rate-value">{rate.text}</dd>
        </div>
      ))}
    </dl>
  );
}
