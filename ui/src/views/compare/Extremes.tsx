import { useMemo } from "preact/hooks";
import { useSession } from "../../state";
import { number } from "../../parts/format";
import { hasPicture, Picture } from "../../parts/Picture";
import { sampleWords } from "../samples/values";
import type { ShownPair } from "./Overall";

const SHOWN = 12;
const TILE = 56;

/** The selected samples on which two runs differ most, either way. */
export function Extremes({ comparison, pair, samples }: ShownPair) {
  const ends = useMemo(() => extremes(pair.differences, samples), [pair, samples]);
  const second = comparison.runs[pair.second]!.letter;
  const rows = comparison.joined.rowOf[0]!;
  if (!ends.high.length && !ends.low.length) return null;
  return (
    <>
      <Tiles
        title={`Worst in A beside ${second}`}
        samples={ends.high}
        rows={rows}
        differences={pair.differences}
      />
      <Tiles
        title={`Worst in ${second} beside A`}
        samples={ends.low}
        rows={rows}
        differences={pair.differences}
      />
    </>
  );
}

/** The samples of the highest differences above zero, and of the lowest below it; in one pass. */
export function extremes(
  differences: Float32Array,
  samples: Uint32Array,
): { high: number[]; low: number[] } {
  const [high, low]: [number[], number[]] = [[], []];
  for (const sample of samples) {
    const value = differences[sample]!;
    if (value > 0) keepTop(high, sample, (other) => differences[other]! >= value);
    else if (value < 0) keepTop(low, sample, (other) => differences[other]! <= value);
  }
  return { high, low };
}

/** Put a sample into a short ordered list, after those that are as good or better. */
function keepTop(top: number[], sample: number, isBetter: (other: number) => boolean): void {
  if (top.length === SHOWN && isBetter(top.at(-1)!)) return;
  const place = top.findIndex((other) => !isBetter(other));
  top.splice(place < 0 ? top.length : place, 0, sample);
  if (top.length > SHOWN) top.pop();
}

interface TilesProps {
  title: string;
  samples: number[];
  rows: Int32Array;
  differences: Float32Array;
}

function Tiles({ title, samples, rows, differences }: TilesProps) {
  if (!samples.length) return null;
  return (
    <section>
      <h3>{title}</h3>
      <ul class="neighbors">
        {samples.map((sample) => (
          <li key={sample}>
            <DifferenceTile row={rows[sample]!} difference={differences[sample]!} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function DifferenceTile({ row, difference }: { row: number; difference: number }) {
  const session = useSession();
  const { dataset } = session;
  const hover = (value: number | null) => () => (session.hovered.value = value);
  return (
    <button
      type="button"
      class="tile"
      title={sampleWords(dataset, row)}
      onClick={() => session.update({ pinned: row })}
      onMouseEnter={hover(row)}
      onMouseLeave={hover(null)}
      onFocus={hover(row)}
      onBlur={hover(null)}
    >
      {hasPicture(session, row) ? (
        <Picture row={row} size={TILE} />
      ) : (
        <span class="tile-id">{dataset.sampleId(row)}</span>
      )}
      <span class="hidden-text">{`${dataset.sampleId(row)}, ${dataset.split(row)}: class `}</span>
      <span class="tile-caption">
        <span class="tile-class">{dataset.category("target", row) ?? ""}</span>
        <span class="tile-loss">{number(difference)}</span>
      </span>
    </button>
  );
}
