import type { Column } from "../../data/columns";
import { Icon } from "../../parts/Icon";
import { useSession, useView } from "../../state";
import { CategoryFilter } from "./CategoryFilter";
import { NumberFilter } from "./NumberFilter";
import { TextSearch } from "./TextSearch";

/** One column in the rail. */
export function Field({ column, open }: { column: Column; open: boolean }) {
  const session = useSession();
  const { name, label, description } = column;
  const isColor = useView((view) => view.color === name);
  const filtered = session.filter(`column:${name}`) !== undefined;
  const toggle = () => {
    const { openFields } = session.state.peek();
    const next = open ? openFields.filter((other) => other !== name) : [...openFields, name];
    session.update({ openFields: next }, { undoable: false });
  };
  return (
    <div class="field-box" data-open={open}>
      <div class="field-head">
        <button class="field-toggle" aria-expanded={open} title={description || label} onClick={toggle}>
          <Icon name="chevron" size={12} />
          <span class="clip">{label}</span>
          {filtered && <span class="field-mark" role="img" aria-label="filtered" />}
        </button>
        {column.kind !== "text" && (
          <button
            class="field-color"
            aria-label={`Color by ${label}`}
            title="Color the map by this"
            aria-pressed={isColor}
            onClick={() => session.update({ color: isColor ? null : name })}
          >
            <span class="field-drop" />
          </button>
        )}
      </div>
      {open && <Body column={column} />}
    </div>
  );
}

function Body({ column }: { column: Column }) {
  if (column.kind === "number") return <NumberFilter column={column} />;
  if (column.kind === "category") return <CategoryFilter column={column} />;
  return <TextSearch column={column} />;
}
