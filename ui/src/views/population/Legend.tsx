import type { CategoryColumn, Column } from "../../data/columns";
import { number, whole } from "../../parts/format";
import { theme } from "../../parts/theme";
import { scaleOf, valueAt, type NumberScale } from "../../scatter/coloring";
import { categoryColor, MISSING_SLOT, OTHER_SLOT, scaleColor } from "../../scatter/palette";
import { sizeFactor } from "../../scatter/sizes";
import type { Stage } from "../../scatter/stage";
import { useSession, useView, type CategoriesFilter, type Session } from "../../state";

const BAR_STEPS = 24;

/** What the colors of the points mean; categories can be switched off and on. */
export function Legend({ stage }: { stage: Stage }) {
  const { dataset } = useSession();
  const column = dataset.column(useView((view) => view.color));
  stage.coloringVersion.value;
  const { coloring } = stage.scene;
  if (!column || coloring.kind === "one" || !dataset.header.projections.length) return null;
  return (
    <div class="legend" role="group" aria-label={`Color: ${column.label}`}>
      <div class="legend-title clip" title={column.description}>{column.label}</div>
      {coloring.kind === "number" ? (
        <NumberBar column={column} scale={coloring.scale} />
      ) : (
        <Categories column={column as CategoryColumn} slots={coloring.slots} />
      )}
    </div>
  );
}

/** Share of the way from the least to the greatest value at which discs are shown. */
const SHOWN_SIZES = [0, 0.5, 1];
const DISC = 7; // CSS pixels of a disc of middle size

/** What the sizes of the points mean, in the map's corner. */
export function Sizes() {
  const { dataset } = useSession();
  const column = dataset.column(useView((view) => view.size));
  const scale = column?.kind === "number" ? scaleOf(column) : null;
  if (!column || !scale) return null;
  return (
    <div class="sizes" role="group" aria-label={`Size: ${column.label}`} title={column.description}>
      <span class="clip">{`size: ${column.label}`}</span>
      {SHOWN_SIZES.map((level) => {
        const side = `${DISC * sizeFactor(255 * level)}px`;
        const end = level === 1 && scale.clippedHigh ? "≥ " : "";
        return (
          <span key={level}>
            <i style={{ width: side, height: side }} />
            {end + number(Number(valueAt(level, scale).toPrecision(2)))}
          </span>
        );
      })}
    </div>
  );
}

function NumberBar({ column, scale }: { column: Column; scale: NumberScale }) {
  const stops = Array.from({ length: BAR_STEPS + 1 }, (_, step) =>
    scaleColor(step / BAR_STEPS, theme.value, scale.diverging),
  );
  return (
    <div class="legend-numbers">
      <div class="legend-scale">
        <span>
          {scale.clippedLow && "≤ "}
          {number(scale.low)}
        </span>
        <div class="legend-bar" style={{ background: `linear-gradient(to right, ${stops.join(", ")})` }} />
        <span>
          {scale.clippedHigh && "≥ "}
          {number(scale.high)}
          <span class="faint"> · middle {number(Number(valueAt(0.5, scale).toPrecision(2)))}</span>
        </span>
      </div>
      {column.missing > 0 && (
        <div class="legend-missing">
          <Swatch slot={MISSING_SLOT} /> missing {whole(column.missing)}
        </div>
      )}
    </div>
  );
}

function Categories({ column, slots }: { column: CategoryColumn; slots: Uint8Array }) {
  const session = useSession();
  const counts = session.counts(column.name).value;
  const own = [...slots.keys()].filter((code) => slots[code]! !== OTHER_SLOT);
  const totals = session.total(column.name);
  const others = [...slots.keys()].filter((code) => slots[code] === OTHER_SLOT && totals[code]! > 0);
  own.sort((a, b) => slots[a]! - slots[b]!);
  return (
    <ul class="legend-list">
      {own.map((code) => (
        <Entry
          key={code}
          column={column}
          codes={[code]}
          slot={slots[code]!}
          count={counts[code] ?? 0}
          most={totals[code]!}
        />
      ))}
      {others.length > 0 && (
        <Entry
          column={column}
          codes={others}
          slot={OTHER_SLOT}
          count={others.reduce((sum, code) => sum + (counts[code] ?? 0), 0)}
          most={others.reduce((sum, code) => sum + totals[code]!, 0)}
        />
      )}
    </ul>
  );
}

function Entry(props: {
  column: CategoryColumn;
  codes: number[];
  slot: number;
  count: number;
  /** The greatest count there may be: room is kept for it, or the map would jump with the filters. */
  most: number;
}) {
  const session = useSession();
  const { column, codes, slot } = props;
  const names = codes.map((code) => column.categories[code]!);
  const filter = session.filter(`column:${column.name}`) as CategoriesFilter | undefined;
  const shown = !filter || names.some((name) => filter.categories.includes(name));
  const label = slot === OTHER_SLOT ? `${whole(names.length)} others` : names[0]!;
  return (
    <li>
      <button
        class="legend-entry"
        aria-pressed={shown}
        title={`${label}: click to hide or show, double-click to show it alone`}
        onClick={() => toggle(session, column, names, shown)}
        onDblClick={() => session.addFilter({ type: "categories", column: column.name, categories: names })}
      >
        <Swatch slot={slot} />
        <span class="clip">{label || "(no name)"}</span>
        <span class="legend-count" style={{ minWidth: `${whole(props.most).length}ch` }}>
          {whole(props.count)}
        </span>
      </button>
    </li>
  );
}

function Swatch({ slot }: { slot: number }) {
  return <span class="swatch" style={{ background: categoryColor(slot, theme.value) }} />;
}

/** Hide or show categories: as a filter of the column, like every other condition. */
function toggle(session: Session, column: CategoryColumn, names: string[], shown: boolean): void {
  const key = `column:${column.name}`;
  const filter = session.filter(key) as CategoriesFilter | undefined;
  const before = new Set(filter?.categories ?? column.categories);
  for (const name of names) shown ? before.delete(name) : before.add(name);
  const missing = filter ? filter.missing : column.missing > 0;
  if (before.size === column.categories.length && (missing || !column.missing))
    return session.removeFilter(key);
  const categories = column.categories.filter((name) => before.has(name));
  session.addFilter({ type: "categories", column: column.name, categories, ...(missing && { missing }) });
}
