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

/**
 * Match the samples of several runs; an id is unique within its split, as the analysis sees to.
 *
 * Runs on the same data mostly have their samples in the same order: then a key is compared with
 * the first run's of the same row, and nothing is looked up.
 */
export function join(runs: readonly Keyed[]): Joined {
  const first = keysOf(runs[0]);
  const numbers = new Numbers(first);
  const sampleOf = runs.map((run, place) => {
    const samples = new Int32Array(run.n);
    for (let row = 0; row < run.n; row++) {
      const key = place === 0 ? first[row]! : keyOf(run, row);
      samples[row] = key === first[row] ? row : numbers.of(key);
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

const keyOf = (run: Keyed, row: number): string => `${run.split(row)}\n${run.sampleId(row)}`;

const keysOf = (run: Keyed | undefined): string[] =>
  Array.from({ length: run?.n ?? 0 }, (_, row) => keyOf(run!, row));

/** Gives each key a number: those of the first run their rows, others what comes after. */
class Numbers {
  size: number;
  private known: Map<string, number> | null = null;

  constructor(private readonly first: readonly string[]) {
    this.size = first.length;
  }

  of(key: string): number {
    this.known ??= new Map(this.first.map((one, row) => [one, row]));
    let number = this.known.get(key);
    if (number === undefined) this.known.set(key, (number = this.size++));
    return number;
  }
}

function inverse(samples: Int32Array, size: number): Int32Array {
  const rows = new Int32Array(size).fill(-1);
  for (let row = samples.length - 1; row >= 0; row--) rows[samples[row]!] = row;
  return rows;
}
