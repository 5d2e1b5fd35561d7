import type { Column } from "../data/columns";
import { useSession } from "../state";

/** Names of the groups of columns, in their order. */
export const GROUPS: readonly (readonly [Column["group"], string])[] = [
  ["sample", "Sample"],
  ["result", "Result"],
  ["metadata", "Metadata"],
  ["region", "Region"],
  ["score", "Scores"],
  ["learning", "Learning"],
];

/** Columns in the order of the groups: `[title, columns]`, without empty groups. */
export function grouped(columns: readonly Column[]): [title: string, columns: Column[]][] {
  return GROUPS.map(([group, title]): [string, Column[]] => [
    title,
    columns.filter((column) => column.group === group),
  ]).filter(([, members]) => members.length > 0);
}

/** A choice of one column, or none. */
export function ColumnSelect(props: {
  label: string;
  value: string | null;
  kinds: readonly Column["kind"][];
  none: string;
  onChange: (name: string | null) => void;
}) {
  const { dataset } = useSession();
  const columns = dataset.columns.filter((column) => props.kinds.includes(column.kind));
  return (
    <label class="field">
      <span class="field-label">{props.label}</span>
      <select
        class="select"
        value={props.value ?? ""}
        onChange={(event) => props.onChange(event.currentTarget.value || null)}
      >
        <option value="">{props.none}</option>
        {grouped(columns).map(([title, members]) => (
          <optgroup key={title} label={title}>
            {members.map((column) => (
              <option key={column.name} value={column.name}>
                {column.label}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </label>
  );
}
