import { useEffect, useRef, useState } from "preact/hooks";
import type { TextColumn } from "../../data/columns";
import { useSession, type TextFilter } from "../../state";

/** Milliseconds after the last letter until the search: a million texts take a moment. */
const PAUSE = 250;

/** Search in the texts of a column. */
export function TextSearch({ column }: { column: TextColumn }) {
  const session = useSession();
  const key = `column:${column.name}`;
  const filter = session.filter(key) as TextFilter | undefined;
  const [query, setQuery] = useState(filter?.query ?? "");
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => setQuery(filter?.query ?? ""), [filter]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const search = (text: string) => {
    setQuery(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      if (text) session.addFilter({ type: "text", column: column.name, query: text }, { gesture: key });
      else session.removeFilter(key);
    }, PAUSE);
  };
  return (
    <input
      class="small-search"
      type="search"
      aria-label={`${column.label} contains`}
      placeholder="Contains…"
      value={query}
      onInput={(event) => search(event.currentTarget.value)}
    />
  );
}
