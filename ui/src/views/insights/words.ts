/** Effects, base rates and separating fields as words. */
import { bounds, count, number, percent, whole } from "../../parts/format";
import { plain, shorten } from "../../parts/text";
import type { InsightHeader, SeparatingField } from "../../payload";

const SMALLEST_Q = 0.001; // below it a q-value's digits say nothing

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
