/** How a sample was learned, beside all samples of its split. */
import type { Dataset } from "../../../data/dataset";

/** Losses of one epoch over a split. */
export interface EpochLosses {
  readonly epoch: number;
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/** Quarter of the samples that lies outside the band at each end. */
const BAND = 0.25;

const known = new WeakMap<Dataset, Map<string, EpochLosses[]>>();

/** Median and quartiles of the loss of a split at every captured epoch; made once. */
export function populationLosses(dataset: Dataset, split: string): EpochLosses[] {
  let bySplit = known.get(dataset);
  if (!bySplit) known.set(dataset, (bySplit = new Map()));
  let losses = bySplit.get(split);
  if (!losses) bySplit.set(split, (losses = compute(dataset, split)));
  return losses;
}

function compute(dataset: Dataset, split: string): EpochLosses[] {
  const { history } = dataset.header;
  if (!history?.loss) return [];
  const codes = dataset.payload.array(history.loss);
  const { offset, factor } = history.scale ?? { offset: 0, factor: 1 };
  const rows = rowsOf(dataset, split);
  const size = history.loss.type === "u8" ? 256 : 65536;
  return history.epochs.map((epoch, place) => {
    const counts = countCodes(codes as Uint16Array, rows, place * dataset.n, size);
    const [low, median, high] = [BAND, 0.5, 1 - BAND].map(
      (share) => offset + factor * quantileOfCounts(counts, share),
    ) as [number, number, number];
    return { epoch, low, median, high };
  });
}

function rowsOf(dataset: Dataset, split: string): Uint32Array {
  const column = dataset.column("split");
  const all = Uint32Array.from({ length: dataset.n }, (_, row) => row);
  if (column?.kind !== "category") return all;
  const code = column.categories.indexOf(split);
  return all.filter((row) => column.codes[row] === code);
}

function countCodes(codes: ArrayLike<number>, rows: Uint32Array, start: number, size: number) {
  const counts = new Uint32Array(size);
  for (let i = 0; i < rows.length; i++) counts[codes[start + rows[i]!]!]!++;
  counts[size - 1] = 0; // the largest code is "missing"
  return counts;
}

/** The code below which a share of the counted ones lies; NaN if none are. */
export function quantileOfCounts(counts: Uint32Array, share: number): number {
  const total = counts.reduce((sum, n) => sum + n, 0);
  if (!total) return NaN;
  const wanted = Math.max(1, Math.ceil(share * total));
  let seen = 0;
  for (let code = 0; code < counts.length; code++)
    if ((seen += counts[code]!) >= wanted) return code;
  return counts.length - 1;
}

/** The predicted class of a row at every captured epoch; null where it is missing. */
export function predictionHistory(dataset: Dataset, row: number): (string | null)[] {
  const { history, class_names: names } = dataset.header;
  if (!history?.prediction) return [];
  const codes = dataset.payload.array(history.prediction);
  const missing = history.prediction.type === "u8" ? 0xff : 0xffff;
  return history.epochs.map((_, place) => {
    const code = codes[place * dataset.n + row]!;
    return code === missing ? null : (names[code] ?? String(code));
  });
}
