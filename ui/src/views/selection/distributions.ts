/** Quantiles that intervals need; accurate to nine digits, tested against scipy. */

const BISECTIONS = 200; // halving stops by itself at the last bit of a double long before
const NORMAL_FROM = 1e7; // degrees of freedom from which Student's t is the normal to nine digits

/** Value below which a standard normal falls with `probability` (0…1). Source: Acklam 2003, refined by one Halley step. */
export function normalQuantile(probability: number): number {
  if (!(probability > 0 && probability < 1))
    return probability === 0 ? -Infinity : probability === 1 ? Infinity : NaN;
  const first = acklam(probability);
  const error = normalCumulative(first) - probability;
  const step = error * Math.sqrt(2 * Math.PI) * Math.exp((first * first) / 2);
  return Number.isFinite(step) ? first - step / (1 + (first * step) / 2) : first;
}

/** Probability that a standard normal is below `value`. */
export function normalCumulative(value: number): number {
  // The chi-square with one degree of freedom: an incomplete gamma function of a half.
  const tail = value === 0 ? 0.5 : 0.5 * upperGammaHalf((value * value) / 2);
  return value > 0 ? 1 - tail : tail;
}

const known = new Map<string, number>();

/** Value below which Student's t of `degrees` falls with `probability`; NaN for degrees of zero or less. */
export function studentQuantile(probability: number, degrees: number): number {
  if (!(degrees > 0)) return NaN;
  if (degrees >= NORMAL_FROM) return normalQuantile(probability);
  if (probability < 0.5) return -studentQuantile(1 - probability, degrees);
  const key = `${probability}/${degrees}`;
  let value = known.get(key);
  if (value === undefined) known.set(key, (value = solveStudent(2 * (1 - probability), degrees)));
  return value;
}

/** t whose two tails hold `tails`, by halving the beta variable degrees / (degrees + t²). */
function solveStudent(tails: number, degrees: number): number {
  if (tails >= 1) return 0;
  let low = 0;
  let high = 1;
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (incompleteBeta(middle, degrees / 2, 0.5) < tails) low = middle;
    else high = middle;
  }
  const beta = (low + high) / 2;
  return Math.sqrt((degrees * (1 - beta)) / beta);
}

/** Regularized incomplete beta function. Source: Press et al., Numerical Recipes 6.4, by Lentz's continued fraction. */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x),
  );
  const direct = x < (a + 1) / (a + b + 2);
  return direct ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d);
    c = guard(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d);
    c = guard(1 + odd / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return result;
}

const guard = (value: number): number => (Math.abs(value) < 1e-300 ? 1e-300 : value);

/** Natural logarithm of the gamma function of a positive number. Source: Lanczos 1964, g = 7, nine terms. */
export function logGamma(value: number): number {
  if (value < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * value)) - logGamma(1 - value);
  const x = value - 1;
  let sum = LANCZOS[0]!;
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i]! / (x + i);
  const t = x + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (x + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** Q(½, x) = erfc(√x): a series for small x, a continued fraction for the tail. Source: Press et al. 6.2. */
function upperGammaHalf(x: number): number {
  const front = Math.exp(-x) * Math.sqrt(x / Math.PI);
  if (x < 1.5) {
    let term = 2;
    let sum = 2;
    for (let n = 1; n < 200 && term > sum * 1e-17; n++) sum += term *= x / (n + 0.5);
    return 1 - front * sum;
  }
  let b = x + 0.5;
  let c = 1e300;
  let d = 1 / b;
  let result = d;
  for (let n = 1; n < 500; n++) {
    const a = -n * (n - 0.5);
    b += 2;
    d = 1 / guard(a * d + b);
    c = guard(b + a / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return front * result;
}

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
  -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
  1.5056327351493116e-7,
];

function acklam(p: number): number {
  if (p > 0.97575) return -acklam(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return horner(TAIL_TOP, q) / (horner(TAIL_BOTTOM, q) * q + 1);
  }
  const q = p - 0.5;
  const r = q * q;
  return (horner(CENTER_TOP, r) * q) / (horner(CENTER_BOTTOM, r) * r + 1);
}

const horner = (terms: number[], x: number): number =>
  terms.reduce((sum, term) => sum * x + term, 0);

const CENTER_TOP = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
  2.506628277459239,
];
const CENTER_BOTTOM = [
  -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572,
];
const TAIL_TOP = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734,
  4.374664141464968, 2.938163982698783,
];
const TAIL_BOTTOM = [
  0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416,
];
