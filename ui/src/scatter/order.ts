/** Share of the samples, those of the highest loss, that are drawn before all others. */
const FOREMOST = 0.02;
const SAMPLED = 20_000;
/** Step through the rows as a share of them: the golden ratio spreads any run of steps evenly. */
const GOLDEN = 0.6180339887498949;

/**
 * Rows in the order of their importance: the highest losses first, then all others spread so that
 * any part of the order is an even sample of the rows, whatever their order was.
 *
 * @param importance (n) NaN is not important; null treats all alike.
 */
export function drawingOrder(n: number, importance: Float32Array | null): Uint32Array {
  const rows = new Uint32Array(n);
  const step = coprimeStep(n);
  const least = importance ? foremost(importance) : Infinity;
  let at = 0;
  if (importance && least < Infinity) {
    for (let row = 0; row < n; row++) if (importance[row]! >= least) rows[at++] = row;
    rows.subarray(0, at).sort((a, b) => importance[b]! - importance[a]!);
  }
  for (let k = 0, row = 0; k < n; k++) {
    if (!importance || !(importance[row]! >= least)) rows[at++] = row;
    row += step;
    if (row >= n) row -= n;
  }
  return rows;
}

function foremost(importance: Float32Array): number {
  const step = Math.max(1, Math.floor(importance.length / SAMPLED));
  const sample: number[] = [];
  for (let row = 0; row < importance.length; row += step)
    if (importance[row] === importance[row]) sample.push(importance[row]!);
  if (!sample.length) return Infinity;
  sample.sort((a, b) => a - b);
  const [least, greatest] = [sample[Math.floor((1 - FOREMOST) * (sample.length - 1))]!, sample.at(-1)!];
  return least < greatest ? least : Infinity;
}

/** A step that visits every row once before it returns to the first. */
function coprimeStep(n: number): number {
  let step = Math.max(1, Math.round(n * GOLDEN));
  while (divisor(step, n) !== 1) step++;
  return step % Math.max(1, n);
}

function divisor(a: number, b: number): number {
  while (b) [a, b] = [b, a % b];
  return a;
}

/** The values of the rows, in their order. */
export function inOrder<T extends Float32Array | Uint8Array>(values: T, rows: Uint32Array): T {
  const ordered = new (values.constructor as new (length: number) => T)(rows.length);
  for (let k = 0; k < rows.length; k++) ordered[k] = values[rows[k]!]!;
  return ordered;
}
