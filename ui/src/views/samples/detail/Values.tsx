import { useMemo } from "preact/hooks";
import type { CategoryColumn, Column, NumberColumn } from "../../../data/columns";
import type { Binning } from "../../../crossfilter/binning";
import { useSession, type Session } from "../../../state";
import { MISSING, percent, valueText } from "../../../parts/format";
import { capital } from "../../../parts/text";
import { percentile, rarity, UNUSUAL } from "./unusual";

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

/** Every value of a sample, each on the distribution over all samples; in each group the unusual ones first. */
export function Values({ row }: { row: number }) {
  const session = useSession();
  const columns = session.dataset.columns.filter((column) => !SHOWN_ABOVE.has(column.name));
  const found = useMemo(() => unusualFirst(session, columns, row), [session, row]);
  return (
    <>
      {GROUP_ORDER.map((group) => (
        <Group
          key={group}
          group={group}
          found={found.filter(({ column }) => column.group === group)}
          all={columns.filter((column) => column.group === group)}
          row={row}
        />
      ))}
    </>
  );
}

interface Found {
  readonly column: Column;
  /** of the samples that are as extreme or as rare, 0…1. */
  readonly rarity: number;
}

/** The columns in which a sample has a value, the one it is most unusual in first. */
function unusualFirst(session: Session, columns: readonly Column[], row: number): Found[] {
  return columns
    .filter((column) => valueText(column, row) !== MISSING)
    .map((column) => ({ column, rarity: rarity(column, row, () => session.total(column.name)) }))
    .sort((a, b) => a.rarity - b.rarity);
}

function Group(props: {
  group: Column["group"];
  found: readonly Found[];
  all: readonly Column[];
  row: number;
}) {
  const { group, found, all, row } = props;
  if (!all.length) return null;
  const none = all.filter((column) => !found.some((one) => one.column === column));
  return (
    <section class="detail-part" aria-label={`${GROUP_NAMES[group]} of the sample`}>
      <h3>{GROUP_NAMES[group]}</h3>
      <dl class="values">
        {found.map((one) => (
          <Value key={one.column.name} found={one} row={row} />
        ))}
      </dl>
      {none.length > 0 && (
        <p class="note">{`No value: ${none.map((column) => column.label).join(", ")}`}</p>
      )}
    </section>
  );
}

function Value({ found, row }: { found: Found; row: number }) {
  const { column } = found;
  const text = valueText(column, row);
  return (
    <div class={found.rarity < UNUSUAL ? "value is-unusual" : "value"}>
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
  const share = useMemo(() => percentile(column, row), [column, row]);
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
