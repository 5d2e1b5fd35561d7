/** Numbers, effects and base rates as words: the same voice as the report (`mlflow_latent/report/words.py`). */
import type { InsightHeader, SeparatingField } from "../../payload";

/** A bound of an interval; null is "not bounded". */
export type Bounds = readonly [number | null, number | null];

const THOUSAND = 1000;
const SMALLEST_Q = 0.001; // below it a q-value's digits say nothing
const MINUS = "−";

/** Three significant digits, thousands separated: `0.0312`, `6.2`, `12,400`; `unknown` without a value. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "unknown";
  return signed(Math.abs(value) >= THOUSAND ? grouped(value) : compact(value));
}

/** Whole numbers as they are, thousands separated. */
export const whole = (value: number): string => signed(grouped(value));

const grouped = (value: number): string => Math.round(value).toLocaleString("en-US");
const signed = (text: string): string => text.replace(/^-/, MINUS).replace(/e-/, `e${MINUS}`);

function compact(value: number): string {
  const rounded = Number(value.toPrecision(3));
  return rounded !== 0 && Math.abs(rounded) < 1e-4 ? rounded.toExponential() : String(rounded);
}

/** `1 sample`, `12,400 samples`. */
export const count = (items: number, noun = "sample"): string =>
  `${whole(items)} ${noun}${items === 1 ? "" : "s"}`;

/** `72 %`, and a decimal where the share is under a tenth: `4.1 %`. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return "unknown";
  const value = 100 * share;
  const text = Math.abs(share) >= 0.1 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, "");
  return `${signed(text)} %`;
}

/** A key as words: `low_performance` is `low performance`. */
export const plain = (name: string): string => name.replaceAll("_", " ").trim() || name;

/** With a capital letter first. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `4.1 to 9.3`, or the one bound that there is. */
export function bounds([lower, upper]: Bounds, say: (value: number) => string = number): string {
  if (lower === null && upper === null) return "not bounded";
  if (upper === null) return `${say(lower!)} or more`;
  if (lower === null) return `${say(upper)} or less`;
  return `${say(lower)} to ${say(upper)}`;
}

/** `q = 0.013`, or `q < 0.001`. */
export const qValue = (value: number): string =>
  value < SMALLEST_Q ? `q < ${SMALLEST_Q}` : `q = ${Number(value.toPrecision(2))}`;

/** What sort of number an effect is: it decides its sign, its axis, and where "no effect" lies. */
export type Scale = "ratio" | "share" | "difference";

/** The sort of an effect, from its name. */
export function scaleOf(effectName: string): Scale {
  const isRatio = /ratio|÷/.test(effectName) && !effectName.includes("log");
  return isRatio ? "ratio" : effectName.startsWith("share") ? "share" : "difference";
}

/** An effect's size alone: `4.3 ×`, `12 %`, `1.08`. */
export function size(value: number | null, scale: Scale): string {
  if (scale === "ratio") return `${number(value)} ×`;
  return scale === "share" ? percent(value) : number(value);
}

/** `95 % sure it is between 2.40 × and 7.82 ×`. */
export function certainty(
  insight: Pick<InsightHeader, "interval" | "effect_name">,
  confidence: number,
): string {
  const scale = scaleOf(insight.effect_name);
  const say = (value: number): string => size(value, scale);
  const [lower, upper] = insight.interval;
  if (lower === null && upper === null) return "no interval: this was counted, not estimated";
  if (lower !== null && upper !== null)
    return `${percent(confidence)} interval ${say(lower)} to ${say(upper)}`;
  return `${percent(confidence)} sure: ${bounds(insight.interval, say)}`;
}

/** What an effect is, for people: `mean loss ÷ rest` is `times the mean loss of the rest`. */
export function effectWords(effectName: string): string {
  return EFFECTS.find(([pattern]) => pattern.test(effectName))?.[1] ?? plain(effectName);
}

const EFFECTS: readonly (readonly [RegExp, string])[] = [
  [/^mean loss ÷/, "the mean loss of the rest"],
  [/^mean loss −/, "more mean loss than the rest"],
  [/gap − gap of the rest/, "more train–val gap than the rest"],
  [/^odds of being hard to learn/, "the odds of being hard to learn"],
];

/** One of an insight's base rates, ready to draw beside the others. */
export interface Rate {
  name: string;
  value: number;
  text: string;
  /** rates of the same unit share a scale; a count has none. */
  unit: "share" | "loss" | "count";
  /** whether it speaks of the insight's samples, not of what they are compared with. */
  isInside: boolean;
}

/** The base rates of an insight, those of its own samples first within each unit. */
export function rates(insight: Pick<InsightHeader, "base_rates">): Rate[] {
  return Object.entries(insight.base_rates).map(([key, value]) => {
    const unit = unitOf(key);
    const text = unit === "share" ? percent(value) : number(value);
    return {
      name: shorten(rateName(key), 60),
      value,
      text,
      unit,
      isInside:
        /_(region|slice|inside|leaked|here|these)\b/.test(key) ||
        /_(region|slice|inside)_/.test(key),
    };
  });
}

function unitOf(key: string): Rate["unit"] {
  if (/share|^hard_in|^rate/.test(key)) return "share";
  return /loss|gap/.test(key) ? "loss" : "count";
}

/** `mean_loss_rest_of_val` is `mean loss, rest of val`. */
function rateName(key: string): string {
  return plain(
    key
      .replace(/_in_rest_of_(.+)$/, ", rest of $1")
      .replace(/_rest_of_(.+)$/, ", rest of $1")
      .replace(/_in_(region|slice)$/, ", here")
      .replace(/_(region|slice|inside)_(.+)$/, ", here in $2")
      .replace(/_(region|slice|inside)$/, ", here")
      .replace(/_rest$/, ", elsewhere")
      .replace(/^share_of_(.+)$/, "of $1 lies here")
      .replace(/^hard,/, "hard to learn,"),
  );
}

/** `104 samples: 30 val, 74 train`. */
export function samplesBySplit(counts: Readonly<Record<string, number>>, total: number): string {
  const parts = Object.entries(counts)
    .filter(([, n]) => n > 0)
    .map(([split, n]) => `${whole(n)} ${split}`);
  return parts.length ? `${count(total)}: ${parts.join(", ")}` : count(total);
}

/** How a separating field's values lie: `median 0.77, elsewhere 1.05`; `47 % are 9, elsewhere 0 %`. */
export function fieldWords(
  field: Pick<SeparatingField, "category" | "inside" | "outside">,
): string {
  if (field.category === null)
    return `median ${number(field.inside)}, elsewhere ${number(field.outside)}`;
  return `${percent(field.inside)}, elsewhere ${percent(field.outside)}`;
}

/** `lower`, `more often 9`. */
export function directionWords(field: Pick<SeparatingField, "category" | "direction">): string {
  if (field.category === null) return field.direction;
  return `${field.direction === "more_frequent" ? "more often" : "less often"} ${shorten(field.category, 60) || "(empty)"}`;
}

/** How strong a Cliff's delta or a difference of shares is. Source: Romano et al. 2006, thresholds of Cliff's delta. */
export function strength(effect: number): string {
  const size = Math.abs(effect);
  return size >= 0.474 ? "large" : size >= 0.33 ? "medium" : size >= 0.147 ? "small" : "negligible";
}

/** One line of at most `limit` letters; what is cut shows as an ellipsis. */
export function shorten(text: string, limit: number): string {
  const line = text
    .slice(0, 4 * limit)
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
  const letters = Array.from(line);
  return letters.length > limit
    ? `${letters
        .slice(0, limit - 1)
        .join("")
        .trimEnd()}…`
    : line;
}

/** The same with the middle cut, as ids and paths differ at their ends. */
export function shortenMiddle(text: string, limit: number): string {
  const letters = Array.from(text.replace(/[\s\p{Cc}]+/gu, " "));
  if (letters.length <= limit) return letters.join("");
  const tail = Math.floor((limit - 1) / 2);
  return `${letters.slice(0, limit - 1 - tail).join("")}…${letters.slice(-tail).join("")}`;
}
