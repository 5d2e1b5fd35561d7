/** Samples of several runs, matched by split and sample id. */

/** What is needed of a run to match its samples. */
export interface Keyed {
  readonly n: number;
  split(row: number): string;
  sampleId(row: number): string;
}

/** The samples of all runs together, numbered 0 … size − 1. */
export interface Joined {
  readonly size: number;
  /** per run, (size) the row of each sample, −1 where the run does not have it. */
  readonly rowOf: readonly Int32Array[];
  /** per run, (rows of the run) the sample of each row. */
  readonly sampleOf: readonly Int32Array[];
  /** samples that every run has. */
  readonly shared: Uint32Array;
}

/** Match the samples of several runs; a key that a run has twice counts where it is first. */
export function join(runs: readonly Keyed[]): Joined {
  const numbers = new Map<string, number>();
  const sampleOf = runs.map((run) => {
    const samples = new Int32Array(run.n);
    for (let row = 0; row < run.n; row++) {
      const key = `${run.split(row)}\n${run.sampleId(row)}`;
      let sample = numbers.get(key);
      if (sample === undefined) numbers.set(key, (sample = numbers.size));
      samples[row] = sample;
    }
    return samples;
  });
  const rowOf = sampleOf.map((samples) => inverse(samples, numbers.size));
  const all = Uint32Array.from({ length: numbers.size }, (_, sample) => sample);
  return {
    size: numbers.size,
    rowOf,
    sampleOf,
    shared: all.filter((sample) => rowOf.every((rows) => rows[sample]! >= 0)),
  };
}

function inverse(samples: Int32Array, size: number): Int32Array {
  const rows = new Int32Array(size).fill(-1);
  for (let row = samples.length - 1; row >= 0; row--) rows[samples[row]!] = row;
  return rows;
}
