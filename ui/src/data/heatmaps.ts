/** Heat-maps of single samples: where in its picture something lies, and how far to believe it. */
import { HEATMAPS_SCHEMA_VERSION, type HeatmapKind, type HeatmapsHeader } from "../payload";
import { PageError } from "./errors";
import { Packed } from "./packed";

const COMPLAINTS = {
  short: "The file of heat-maps is cut short.",
  strange: "This is not a file of heat-maps.",
  mend: "Make them again: mlflow-latent explain RUN.",
};
const CODES = 255;

/** One map of one sample. */
export interface HeatMap {
  readonly kind: HeatmapKind;
  /** of what, in words; may be empty. */
  readonly target: string;
  /** side of the map. */
  readonly size: number;
  /** (size × size) 0…255, row by row: 255 is the strongest place of the map. */
  readonly codes: Uint8Array;
  /** how much more what is explained falls than with random places masked: mean, lower, upper. */
  readonly advantage: readonly [number, number, number];
  readonly confidence: number;
}

/** The maps of one split. */
export class HeatMaps {
  private readonly file: Packed<HeatmapsHeader>;
  private readonly places: Map<string, number>;

  /**
   * @param bytes the whole file.
   * @throws PageError the file is cut short, something else, or of a newer schema.
   */
  constructor(bytes: ArrayBuffer) {
    this.file = new Packed(bytes, COMPLAINTS);
    const { schema_version: version, sample_id: ids } = this.file.header;
    if (version > HEATMAPS_SCHEMA_VERSION)
      throw new PageError(
        `The heat-maps have schema version ${version}; this page reads up to ${HEATMAPS_SCHEMA_VERSION}.`,
        "Upgrade mlflow-latent on the server that shows it: pip install --upgrade mlflow-latent.",
      );
    const text = this.file.strings(ids);
    this.places = new Map(Array.from({ length: ids.length }, (_, place) => [text(place), place]));
  }

  /** The maps of a sample, in the order in which they are to be shown; empty if it has none. */
  of(sampleId: string): HeatMap[] {
    const place = this.places.get(sampleId);
    if (place === undefined) return [];
    const first = this.file.u32(this.file.header.first);
    const maps = Array.from({ length: first[place + 1]! - first[place]! }, (_, i) =>
      this.map(first[place]! + i),
    );
    // A map that is the same everywhere shows nothing.
    return maps.filter((map) => map !== null);
  }

  private map(place: number): HeatMap | null {
    const { header } = this.file;
    const kind = header.kinds[this.file.array(header.kind)[place]!];
    const cells = header.size ** 2;
    const stored = this.file.array(header.values).subarray(place * cells, (place + 1) * cells);
    const [low, high] = this.file.array(header.scale).subarray(2 * place, 2 * place + 2);
    if (!kind || stored.length < cells || !(high! > low!)) return null;
    return {
      kind,
      target: this.file.strings(header.target)(place),
      size: header.size,
      codes: fromZero(stored as Uint8Array, low!, high!),
      advantage: [
        ...this.file.array(header.advantage).subarray(3 * place, 3 * place + 3),
      ] as unknown as HeatMap["advantage"],
      confidence: header.confidence,
    };
  }
}

/** Codes between zero and the greatest value, as no map is negative: its least value may be above zero. */
function fromZero(codes: Uint8Array, low: number, high: number): Uint8Array {
  if (low <= 0) return codes;
  return codes.map((code) => (CODES * (low + ((high - low) * code) / CODES)) / high);
}

/** Whether a map is better than random; null where that was not measured. */
export function isFaithful({ advantage: [mean, lower] }: HeatMap): boolean | null {
  return Number.isNaN(mean) ? null : lower > 0;
}

/** The name of a split in a file's name, quoted as Python's `quote(split, safe="")` does. */
export function quoted(split: string): string {
  const percent = (letter: string) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(split).replace(/[!*'()]/g, percent);
}
