import { useState } from "preact/hooks";
import { Icon } from "../../parts/Icon";
import { grouped } from "../../parts/ColumnSelect";
import { useSession, useView } from "../../state";
import { Field } from "./Field";

/** From so many columns on, a search field helps. */
const SEARCHED_FROM = 8;

/** The rail of filters: a histogram, bars or a search for every column, open or folded. */
export function Filters() {
  const session = useSession();
  const { dataset } = session;
  const bySplit = useView((view) => view.bySplit);
  const split = dataset.column("split");
  const hasSplits = split?.kind === "category" && split.categories.length > 1;
  const [query, setQuery] = useState("");
  const open = useView((view) => view.openFields);
  const wanted = query.trim().toLowerCase();
  const columns = dataset.columns.filter((column) =>
    `${column.label} ${column.name}`.toLowerCase().includes(wanted),
  );
  return (
    <nav class="filters" aria-label="Filters">
      {dataset.columns.length >= SEARCHED_FROM && (
        <label class="search">
          <Icon name="search" size={14} />
          <span class="hidden-text">Find a field</span>
          <input
            type="search"
            placeholder={`Find among ${dataset.columns.length} fields`}
            value={query}
            onInput={(event) => setQuery(event.currentTarget.value)}
          />
        </label>
      )}
      {hasSplits && (
        <label class="check by-split">
          <input
            type="checkbox"
            checked={bySplit}
            onChange={(event) => session.update({ bySplit: event.currentTarget.checked }, { undoable: false })}
          />
          every split for itself
        </label>
      )}
      {grouped(columns).map(([title, members]) => (
        <section key={title} class="filter-group" aria-label={title}>
          <h2 class="group-title">{title}</h2>
          {members.map((column) => (
            <Field key={column.name} column={column} open={open.includes(column.name)} />
          ))}
        </section>
      ))}
      {columns.length === 0 && <p class="empty">No field is called “{query}”.</p>}
    </nav>
  );
}
