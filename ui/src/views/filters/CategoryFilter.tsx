import { useMemo, useState } from "preact/hooks";
import type { CategoryColumn } from "../../data/columns";
import { count, percent, whole } from "../../parts/format";
import { theme } from "../../parts/theme";
import { slotsOf } from "../../scatter/coloring";
import { categoryColor } from "../../scatter/palette";
import { useSession, useView, type CategoriesFilter } from "../../state";
import { largestShare, useSplitShares, type SplitShares } from "./bySplit";

/** Categories listed at first; up to `ALL_LISTED` all are, in their own order. */
const LISTED = 8;
const ALL_LISTED = 12;
/** Rows that a search shows at most. */
const FOUND = 60;

/** A bar per category; of very many the most frequent ones, and a search for the rest. */
export function CategoryFilter({ column }: { column: CategoryColumn }) {
  const session = useSession();
  const [query, setQuery] = useState("");
  const [more, setMore] = useState(false);
  const total = session.total(column.name);
  const counts = session.counts(column.name).value;
  const splits = useSplitShares(column.name);
  const filter = session.filter(`column:${column.name}`) as CategoriesFilter | undefined;
  const isColor = useView((view) => view.color === column.name);
  const slots = useMemo(() => (isColor ? slotsOf(column, total) : null), [column, isColor]);
  const present = useMemo(() => presentCodes(column, total), [column]);
  const many = present.length > ALL_LISTED;
  const codes = many ? listed(column, present, total, filter, query, more) : present;
  const top = useMemo(() => Math.max(1, ...present.map((code) => total[code]!)), [present]);
  const missing = total[column.categories.length] ?? 0;
  if (!present.length) return <p class="note">No sample has a value.</p>;
  return (
    <div class="category-filter">
      {many && (
        <input
          class="small-search"
          type="search"
          aria-label={`Find among the categories of ${column.label}`}
          placeholder={`Find among ${whole(present.length)}`}
          value={query}
          onInput={(event) => setQuery(event.currentTarget.value)}
        />
      )}
      <ul class="bar-list">
        {codes.map((code) => (
          <Bar
            key={code}
            name={column.categories[code]!}
            kept={counts[code] ?? 0}
            all={total[code]!}
            top={top}
            chosen={filter ? filter.categories.includes(column.categories[code]!) : null}
            color={slots && categoryColor(slots[code]!, theme.value)}
            splits={splits && column.name !== "split" ? splits : null}
            code={code}
            onClick={() => choose(column.categories[code]!)}
          />
        ))}
        {missing > 0 && (
          <Bar
            name="missing"
            kept={counts[column.categories.length] ?? 0}
            all={missing}
            top={top}
            chosen={filter ? filter.missing === true : null}
            color={null}
            splits={null}
            code={-1}
            onClick={() => choose(null)}
          />
        )}
      </ul>
      {many && !query && present.length > codes.length && (
        <button class="quiet" onClick={() => setMore(true)}>
          {count(present.length - codes.length, "more category", "more categories")}
        </button>
      )}
      {query && codes.length === 0 && <p class="note">None is called “{query}”.</p>}
    </div>
  );

  /** Without a filter, choose it alone; else add or remove it. Null is the missing values. */
  function choose(name: string | null): void {
    const chosen = new Set<string | null>(filter?.categories ?? []);
    if (filter?.missing) chosen.add(null);
    if (!chosen.delete(name)) chosen.add(name);
    const categories = column.categories.filter((other) => chosen.has(other));
    const withMissing = chosen.has(null) ? { missing: true } : {};
    if (chosen.size === 0) session.removeFilter(`column:${column.name}`);
    else session.addFilter({ type: "categories", column: column.name, categories, ...withMissing });
  }
}

const presentCodes = (column: CategoryColumn, total: Uint32Array): number[] =>
  [...column.categories.keys()].filter((code) => total[code]! > 0);

/** The categories to list: what is searched, else the chosen and the most frequent ones. */
function listed(
  column: CategoryColumn,
  present: readonly number[],
  total: Uint32Array,
  filter: CategoriesFilter | undefined,
  query: string,
  more: boolean,
): number[] {
  const byCount = [...present].sort((a, b) => total[b]! - total[a]! || a - b);
  const wanted = query.trim().toLowerCase();
  if (wanted)
    return byCount.filter((code) => column.categories[code]!.toLowerCase().includes(wanted)).slice(0, FOUND);
  const chosen = new Set(filter?.categories.slice(0, FOUND));
  const first = byCount.slice(0, more ? FOUND : LISTED);
  const others = byCount.slice(first.length).filter((code) => chosen.has(column.categories[code]!));
  return [...first, ...others];
}

function Bar(props: {
  name: string;
  kept: number;
  all: number;
  top: number;
  /** Null if nothing is chosen. */
  chosen: boolean | null;
  color: string | null;
  /** every split for itself, in place of all samples. */
  splits: readonly SplitShares[] | null;
  code: number;
  onClick: () => void;
}) {
  const { splits } = props;
  // Scaled, not sized: a brush moves hundreds of them, and nothing else has to make room.
  const scaled = (value: number) => `scaleX(${Math.max(value ? 0.006 : 0, value / props.top).toFixed(4)})`;
  return (
    <li>
      <button class="bar-row" aria-pressed={props.chosen === true} data-out={props.chosen === false} onClick={props.onClick}>
        <span class="bar-name">
          {props.color && <span class="swatch" style={{ background: props.color }} />}
          <span class="clip">{props.name || "(no name)"}</span>
        </span>
        <span class="bar-count" title={`${whole(props.kept)} of ${whole(props.all)}`}>
          {whole(props.kept)}
        </span>
        {splits ? (
          <SplitBars splits={splits} code={props.code} />
        ) : (
          <span class="bar-track" aria-hidden="true">
            <span class="bar-all" style={{ transform: scaled(props.all) }} />
            <span class="bar-kept" style={{ transform: scaled(props.kept) }} />
          </span>
        )}
      </button>
    </li>
  );
}

/** The share of each split's samples that are in a category, on one scale. */
function SplitBars({ splits, code }: { splits: readonly SplitShares[]; code: number }) {
  const most = largestShare(splits);
  return (
    <span class="bar-splits">
      {splits.map(({ split, color, shares }) => (
        <i key={split} style={{ background: color, width: `${(100 * shares[code]!) / most}%` }} title={`${percent(shares[code])} of ${split}`} />
      ))}
    </span>
  );
}
