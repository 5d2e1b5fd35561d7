import { theme } from "../../parts/theme";
import { splitColor } from "../../scatter/palette";
import { useSession, type CategoriesFilter } from "../../state";

/** Splits that get a button each; more are chosen in the filters. */
const MOST = 5;

/** A button per split that shows or hides it. */
export function SplitToggles() {
  const session = useSession();
  const column = session.dataset.column("split");
  if (column?.kind !== "category") return null;
  const names = column.categories;
  if (names.length < 2 || names.length > MOST) return null;
  const filter = session.filter("column:split") as CategoriesFilter | undefined;
  const shown = new Set(filter?.categories ?? names);
  const toggle = (name: string) => {
    const next = names.filter((other) => shown.has(other) !== (other === name));
    if (next.length === names.length) session.removeFilter("column:split");
    else session.addFilter({ type: "categories", column: "split", categories: next });
  };
  return (
    <div class="splits" role="group" aria-label="Splits">
      {names.map((name) => (
        <button key={name} class="split-toggle" aria-pressed={shown.has(name)} onClick={() => toggle(name)}>
          <span class="swatch" style={{ background: splitColor(name, names, theme.value) }} />
          <span class="clip">{name}</span>
        </button>
      ))}
    </div>
  );
}
