import { useState } from "preact/hooks";
import type { Column } from "../../data/columns";
import { useSession } from "../../state";
import { isField, isMeasure } from "./computed";

/** Lets a person choose two columns for a curve of their own. */
export function AddCurve() {
  const session = useSession();
  const { columns } = session.dataset;
  const [open, setOpen] = useState(false);
  const [field, setField] = useState("");
  const [measure, setMeasure] = useState(firstMeasure(columns));
  const measures = columns.filter(isMeasure);
  if (!measures.length) return null;
  if (!open)
    return (
      <button type="button" class="quiet" onClick={() => setOpen(true)}>
        + Add a curve
      </button>
    );
  const add = (event: Event): void => {
    event.preventDefault();
    const { addedCurves } = session.state.peek();
    const others = addedCurves.filter((one) => one.field !== field || one.measure !== measure);
    session.update({ addedCurves: [{ field, measure }, ...others] });
    setOpen(false);
  };
  return (
    <form class="add-curve" onSubmit={add}>
      <Choice label="Mean of" columns={measures} value={measure} onChange={setMeasure} />
      <Choice label="by" columns={columns.filter(isField)} value={field} onChange={setField} />
      <button type="submit" class="button" disabled={!field || !measure}>
        Add
      </button>
      <button type="button" class="quiet" onClick={() => setOpen(false)}>
        Cancel
      </button>
    </form>
  );
}

const firstMeasure = (columns: readonly Column[]): string =>
  (columns.find((column) => column.name === "loss") ?? columns.find(isMeasure))?.name ?? "";

interface ChoiceProps {
  label: string;
  columns: readonly Column[];
  value: string;
  onChange: (name: string) => void;
}

function Choice({ label, columns, value, onChange }: ChoiceProps) {
  return (
    <label>
      <span>{label}</span>
      <select
        class="select"
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {!value && <option value="">choose a column</option>}
        {columns.map((column) => (
          <option key={column.name} value={column.name}>
            {column.label}
          </option>
        ))}
      </select>
    </label>
  );
}
