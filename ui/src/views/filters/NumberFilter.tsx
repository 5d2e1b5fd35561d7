import { useState } from "preact/hooks";
import type { NumberColumn } from "../../data/columns";
import { edgeOf, isWhole, type Binning } from "../../crossfilter/binning";
import { number, typed, whole } from "../../parts/format";
import { useSession, type RangeFilter } from "../../state";
import { useSplitShares } from "./bySplit";
import { Histogram } from "./Histogram";

/** A histogram of numbers, brushed or typed. */
export function NumberFilter({ column }: { column: NumberColumn }) {
  const session = useSession();
  const binning = session.binning(column.name);
  if (!binning || column.minimum === null) return <p class="note">No sample has a value.</p>;
  return <Numbers column={column} binning={binning} />;
}

function Numbers({ column, binning }: { column: NumberColumn; binning: Binning }) {
  const session = useSession();
  const key = `column:${column.name}`;
  const filter = session.filter(key) as RangeFilter | undefined;
  const [bin, setBin] = useState<number | null>(null);
  const counts = session.counts(column.name).value;
  const total = session.total(column.name);
  const splits = useSplitShares(column.name);
  const set = (low: number, high: number, gesture?: string) => {
    const missing = filter?.missing ? { missing: true } : {};
    session.addFilter({ type: "range", column: column.name, low, high, ...missing }, { gesture });
  };
  return (
    <div class="number-filter">
      <Histogram
        label={column.label}
        binning={binning}
        bounds={[column.minimum!, column.maximum!]}
        counts={counts}
        total={total}
        range={filter ? [filter.low, filter.high] : null}
        splits={splits}
        onBin={setBin}
        onRange={(range) => (range ? set(range[0], range[1], `brush ${key}`) : session.removeFilter(key))}
        onEnd={() => session.endGesture()}
      />
      <div class="range-line">
        {bin === null ? (
          <RangeFields column={column} filter={filter} onChange={set} />
        ) : (
          <BinText binning={binning} bin={bin} counts={counts} total={total} />
        )}
      </div>
      {column.missing > 0 && <Missing column={column} filter={filter} kept={counts[binning.size] ?? 0} />}
    </div>
  );
}

function BinText(props: {
  binning: Binning;
  bin: number;
  counts: Uint32Array;
  total: Uint32Array;
}) {
  const { binning, bin, counts, total } = props;
  const low = edgeOf(binning, bin);
  const high = edgeOf(binning, bin + 1) - (isWhole(binning) ? 1 : 0);
  const last = bin === binning.size - 1;
  const range =
    binning.clippedAbove && last
      ? `≥ ${number(low)}`
      : binning.clippedBelow && bin === 0
        ? `≤ ${number(high)}`
        : low === high
          ? number(low)
          : `${number(low)} – ${number(high)}`;
  return (
    <span class="bin-text">
      <span>{range}</span>
      <span>
        {whole(counts[bin] ?? 0)} <span class="faint">of {whole(total[bin]!)}</span>
      </span>
    </span>
  );
}

function RangeFields(props: {
  column: NumberColumn;
  filter: RangeFilter | undefined;
  onChange: (low: number, high: number) => void;
}) {
  const { column, filter, onChange } = props;
  const low = filter?.low ?? column.minimum!;
  const high = filter?.high ?? column.maximum!;
  return (
    <>
      <NumberField label={`${column.label} from`} value={low} set={filter !== undefined} onChange={(value) => onChange(value, Math.max(value, high))} />
      <span class="faint">to</span>
      <NumberField label={`${column.label} to`} value={high} set={filter !== undefined} onChange={(value) => onChange(Math.min(value, low), value)} />
    </>
  );
}

function NumberField(props: { label: string; value: number; set: boolean; onChange: (value: number) => void }) {
  return (
    <input
      class="number-field"
      type="number"
      step="any"
      aria-label={props.label}
      data-set={props.set}
      value={typed(props.value)}
      onChange={(event) => {
        const value = event.currentTarget.valueAsNumber;
        if (Number.isFinite(value)) props.onChange(value);
        else event.currentTarget.value = typed(props.value);
      }}
    />
  );
}

function Missing(props: { column: NumberColumn; filter: RangeFilter | undefined; kept: number }) {
  const session = useSession();
  const { column, filter, kept } = props;
  const text = `${whole(kept)} missing`;
  if (!filter) return <p class="note">{text}</p>;
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={filter.missing === true}
        onChange={(event) => {
          const { type, column: name, low, high } = filter;
          const missing = event.currentTarget.checked ? { missing: true } : {};
          session.addFilter({ type, column: name, low, high, ...missing });
        }}
      />
      and {text} <span class="hidden-text">of {column.label}</span>
    </label>
  );
}
