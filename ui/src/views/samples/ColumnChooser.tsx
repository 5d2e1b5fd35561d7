import { useEffect, useRef, useState } from "preact/hooks";
import type { Column } from "../../data/columns";
import { useSession, useView } from "../../state";
import { capital } from "../../parts/text";
import { tableColumns } from "./tableColumns";

/** A button that opens the list of all columns, to show or hide each in the table. */
export function ColumnChooser() {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const close = (event: Event): void => {
      const outside = event.type === "pointerdown" && !box.current?.contains(event.target as Node);
      if (outside || (event as KeyboardEvent).key === "Escape") setOpen(false);
    };
    for (const type of ["pointerdown", "keydown"]) document.addEventListener(type, close);
    return () =>
      ["pointerdown", "keydown"].forEach((type) => document.removeEventListener(type, close));
  }, [open]);
  return (
    <div class="chooser" ref={box}>
      <button type="button" class="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        Columns
      </button>
      {open && <ColumnList />}
    </div>
  );
}

function ColumnList() {
  const session = useSession();
  const { dataset } = session;
  const chosen = useView((view) => view.tableColumns);
  const [query, setQuery] = useState("");
  const shown = tableColumns(dataset, chosen).map((column) => column.name);
  const toggle = (name: string): void => {
    const names = shown.includes(name) ? shown.filter((one) => one !== name) : [...shown, name];
    session.update({ tableColumns: names });
  };
  const groups = byGroup(dataset.columns, query);
  return (
    <div class="chooser-list" role="group" aria-label="Columns of the table">
      <input
        type="search"
        placeholder="Find a column"
        aria-label="Find a column"
        value={query}
        onInput={(event) => setQuery(event.currentTarget.value)}
      />
      <button
        type="button"
        class="quiet"
        disabled={chosen === null}
        onClick={() => session.update({ tableColumns: null })}
      >
        Back to the first ones
      </button>
      {[...groups].map(([group, columns]) => (
        <fieldset key={group}>
          <legend>{capital(group)}</legend>
          {columns.map((column) => (
            <label key={column.name} class="check" title={column.description}>
              <input
                type="checkbox"
                checked={shown.includes(column.name)}
                onChange={() => toggle(column.name)}
              />
              <span>{column.label}</span>
            </label>
          ))}
        </fieldset>
      ))}
    </div>
  );
}

function byGroup(columns: readonly Column[], query: string): Map<string, Column[]> {
  const groups = new Map<string, Column[]>();
  for (const column of columns) {
    if (!column.label.toLowerCase().includes(query.toLowerCase())) continue;
    groups.set(column.group, [...(groups.get(column.group) ?? []), column]);
  }
  return groups;
}
