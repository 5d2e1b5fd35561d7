import { useMemo } from "preact/hooks";
import type { CategoryColumn, Column, NumberColumn } from "../../../data/columns";
import type { Binning } from "../../../crossfilter/binning";
import { useSession } from "../../../state";
import { MISSING, percent, valueText } from "../../../parts/format";
import { capital } from "../../../parts/text";
import { percentile } from "./learning";

const WIDTH = 104;
const HEIGHT = 22;
/** Columns that the head of the detail shows already. */
const SHOWN_ABOVE = new Set(["sample_id", "split", "target", "prediction", "correct"]);
const GROUP_ORDER: readonly Column["group"][] = [
  "result",
  "metadata",
  "learning",
  "score",
  "region",
  "sample",
];
const GROUP_NAMES: Record<Column["group"], string> = {
  result: "Result",
  metadata: "Metadata",
  learning: "Learning",
  score: "Scores",
  region: "Regions",
  sample: "Sample",
};

/** Every value of a sample, each on the distribution over all samples. */
export function Values({ row }: { row: number }) {
  const { dataset } = useSession();
  const columns = dataset.columns.filter((column) => !SHOWN_ABOVE.has(column.name));
  return (
    <>
      {GROUP_ORDER.map((group) => {
        const own = columns.filter((column) => column.group === group);
        const present = own.filter((column) => valueText(column, row) !== MISSING);
        if (!own.length) return null;
        return (
          <section
            key={group}
            class="detail-part"
            aria-label={`${GROUP_NAMES[group]} of the sample`}
          >
            <h3>{GROUP_NAMES[group]}</h3>
            <dl class="values">
              {present.map((column) => (
                <Value key={column.name} column={column} row={row} />
              ))}
            </dl>
            {present.length < own.length && (
              <p class="note">{`No value: ${own
                .filter((column) => !present.includes(column))
                .map((column) => column.label)
                .join(", ")}`}</p>
            )}
          </section>
        );
      })}
    </>
  );
}

function Value({ column, row }: { column: Column; row: number }) {
  const text = valueText(column, row);
  return (
    <div class="value">
      <dt title={column.description || undefined}>{capital(column.label)}</dt>
      <dd class="value-text" title={text.length > 16 ? text.slice(0, 1000) : undefined}>
        {text.slice(0, 300)}
      </dd>
      <dd class="value-place">
        {column.kind === "text" ? null : column.kind === "number" ? (
          <OfNumber column={column} row={row} />
        ) : (
          <OfCategory column={column} row={row} />
        )}
      </dd>
    </div>
  );
}

function OfNumber({ column, row }: { column: NumberColumn; row: number }) {
  const session = useSession();
  const value = column.values[row]!;
  const share = useMemo(() => percentile(column.values, value), [column, value]);
  const binning = session.binning(column.name);
  if (!binning || binning.size < 2) return null;
  return (
    <>
      <Histogram name={column.name} binning={binning} bin={binning.bins[row]!} />
      <small title={`higher than ${percent(share)} of all samples`}>{placeWords(share)}</small>
    </>
  );
}

/** A percentile in words: `top 2 %`, `lowest 37 %`. */
const placeWords = (share: number): string =>
  share >= 0.5 ? `top ${percent(1 - share)}` : `lowest ${percent(share)}`;

interface HistogramProps {
  name: string;
  binning: Binning;
  bin: number;
}

/** All samples as a small histogram, with a mark where this one lies. */
function Histogram({ name, binning, bin }: HistogramProps) {
  const session = useSession();
  const total = session.total(name).subarray(0, binning.size);
  const most = Math.max(...total, 1);
  const step = WIDTH / binning.size;
  const heights = Array.from(total, (n) =>
    n ? Math.max(1, Math.sqrt(n / most) * (HEIGHT - 2)) : 0,
  );
  const path = heights
    .map((height, i) => `M${i * step},${HEIGHT}v${-height}h${Math.max(step - 0.4, 0.6)}v${height}z`)
    .join("");
  const middle = (bin + 0.5) * step;
  return (
    <svg class="mini" width={WIDTH} height={HEIGHT} aria-hidden="true">
      <path d={path} class="mini-bars" />
      <path
        d={`M${bin * step},${HEIGHT}v${-heights[bin]!}h${Math.max(step - 0.4, 0.6)}v${heights[bin]}z`}
        class="mini-own"
      />
      <line x1={middle} x2={middle} y1={0} y2={HEIGHT} class="mini-mark" />
    </svg>
  );
}

function OfCategory({ column, row }: { column: CategoryColumn; row: number }) {
  const session = useSession();
  const { dataset } = session;
  const total = session.total(column.name);
  const known = dataset.n - column.missing;
  const share = known ? (total[column.codes[row]!] ?? 0) / known : NaN;
  return (
    <>
      <span class="share-bar" aria-hidden="true">
        <i style={{ width: `${100 * share}%` }} />
      </span>
      <small>{`${percent(share)} have it`}</small>
    </>
  );
}
