/**
 * Effects with intervals, by the methods of the analysis (`mlflow_latent/evidence.py`), so that what the
 * page works out of a selection can be read beside an insight. Tested against scipy.
 */
import { normalQuantile, studentQuantile } from "./distributions";

/** An effect and its two-sided interval. */
export interface Evidence {
  effect: number;
  lower: number;
  upper: number;
}

/** Size, mean and variance (n − 1) of a group; NaN where the group is too small for them. */
export interface Moments {
  n: number;
  mean: number;
  variance: number;
}

/** Moments of the finite ones of `values`. */
export function moments(values: ArrayLike<number>): Moments {
  let n = 0;
  let mean = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    const step = value - mean;
    mean += step / ++n;
    squares += step * (value - mean); // Welford 1962: no cancellation in a long sum
  }
  return { n, mean: n ? mean : NaN, variance: n > 1 ? squares / (n - 1) : NaN };
}

/** Student's t interval of a mean; NaN bounds where n < 2. */
export function meanInterval(of: Moments, confidence: number): Evidence {
  const reach =
    of.n > 1
      ? studentQuantile((1 + confidence) / 2, of.n - 1) * Math.sqrt(of.variance / of.n)
      : NaN;
  return { effect: of.mean, lower: of.mean - reach, upper: of.mean + reach };
}

/** Difference of two means, the first minus the second. Source: Welch 1947, Welch–Satterthwaite degrees. */
export function meanDifference(first: Moments, second: Moments, confidence: number): Evidence {
  const [a, b] = [first.variance / first.n, second.variance / second.n];
  const effect = first.mean - second.mean;
  const degrees = (a + b) ** 2 / (a ** 2 / (first.n - 1) + b ** 2 / (second.n - 1));
  const reach = a + b === 0 ? 0 : studentQuantile((1 + confidence) / 2, degrees) * Math.sqrt(a + b);
  return { effect, lower: effect - reach, upper: effect + reach };
}

/**
 * Cliff's delta: P(inside > outside) − P(inside < outside), −1…1.
 *
 * Source: Cliff 1993; interval on Fisher's z with the variance of Hanley & McNeil 1982.
 * Both arrays are sorted in place and hold no NaN.
 */
export function cliffsDelta(
  inside: Float32Array,
  outside: Float32Array,
  confidence: number,
): Evidence {
  const [n, m] = [inside.length, outside.length];
  if (!n || !m) return { effect: NaN, lower: NaN, upper: NaN };
  const area = superiorPairs(inside.sort(), outside.sort()) / (n * m);
  const q1 = area / (2 - area);
  const q2 = (2 * area ** 2) / (1 + area);
  const spread = area * (1 - area) + (n - 1) * (q1 - area ** 2) + (m - 1) * (q2 - area ** 2);
  const error = 2 * Math.sqrt(Math.max(spread, 0) / (n * m));
  const effect = 2 * area - 1;
  const reach =
    (normalQuantile((1 + confidence) / 2) * error) / Math.max(1 - effect ** 2, 1 / (n * m));
  const center = Math.atanh(Math.min(Math.max(effect, -1 + 1e-12), 1 - 1e-12));
  return { effect, lower: Math.tanh(center - reach), upper: Math.tanh(center + reach) };
}

/** Pairs in which the value of `inside` is the larger, ties for a half; both sorted. One walk along both. */
function superiorPairs(inside: Float32Array, outside: Float32Array): number {
  let pairs = 0;
  let below = 0; // values of `outside` under the current one
  let through = 0; // and those not over it
  for (let i = 0; i < inside.length; i++) {
    const value = inside[i]!;
    while (below < outside.length && outside[below]! < value) below++;
    if (through < below) through = below;
    while (through < outside.length && outside[through]! <= value) through++;
    pairs += (below + through) / 2;
  }
  return pairs;
}

/** Wilson's interval of a share of `hits` among `total`. Source: Wilson 1927. */
export function shareInterval(hits: number, total: number, confidence: number): Evidence {
  const effect = hits / total;
  const z = normalQuantile((1 + confidence) / 2);
  const center = (hits + z ** 2 / 2) / (total + z ** 2);
  const reach = (z / (total + z ** 2)) * Math.sqrt((hits * (total - hits)) / total + z ** 2 / 4);
  const lower = hits === 0 ? 0 : center - reach; // exact at the ends, where rounding would leave a trace
  return { effect, lower, upper: hits === total ? 1 : center + reach };
}

/** Difference of two shares, each [hits, total]. Source: Newcombe 1998, method 10 (Wilson intervals combined). */
export function shareDifference(
  first: [number, number],
  second: [number, number],
  confidence: number,
): Evidence {
  const [one, two] = [shareInterval(...first, confidence), shareInterval(...second, confidence)];
  const effect = one.effect - two.effect;
  return {
    effect,
    lower: effect - Math.hypot(one.effect - one.lower, two.upper - two.effect),
    upper: effect + Math.hypot(one.upper - one.effect, two.effect - two.lower),
  };
}

/** Middle of sorted numbers; of an even count the mean of the two; NaN of none. */
export function medianOfSorted(values: ArrayLike<number>): number {
  return quantileOfSorted(values, 0.5);
}

/** Quantile (0…1) of sorted numbers, linear between two of them (as numpy's default); NaN of none. */
export function quantileOfSorted(values: ArrayLike<number>, share: number): number {
  if (!values.length) return NaN;
  const place = share * (values.length - 1);
  const below = Math.floor(place);
  const low = values[below]!;
  const high = values[Math.min(below + 1, values.length - 1)]!;
  return low + (high - low) * (place - below);
}

/** Share of sorted numbers that are below `value`, ties for a half: its percentile, 0…1. */
export function percentileOfSorted(values: Float32Array, value: number): number {
  if (!values.length) return NaN;
  return (lowerBound(values, value) + upperBound(values, value)) / 2 / values.length;
}

/** First place in sorted `values` that is not below `value`. */
export function lowerBound(values: ArrayLike<number>, value: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** First place in sorted `values` that is above `value`. */
export function upperBound(values: ArrayLike<number>, value: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
