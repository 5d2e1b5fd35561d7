import { useState } from "preact/hooks";
import type { Column } from "../../data/columns";
import { useSession, useView } from "../../state";
import { focusCurve } from "../curves/focus";
import { DeltaBar } from "../insights/Fields";
import { bounds, number, whole } from "../../parts/format";
import { capital } from "../../parts/text";
import { directionWords, fieldWords, strength } from "../insights/words";
import type { Contrast, FoundField } from "./contrast";
import { isClear } from "./separation";

const FIRST_SHOWN = 8;
/** What a person can collect more of, or look for in the data; the rest is the model's or the analysis' doing. */
const OF_THE_DATA: readonly Column["group"][] = ["metadata", "sample"];

/** The columns that separate the selection from the rest, strongest first; those it was made by stand apart. */
export function FieldTable({ found }: { found: Contrast }) {
  const filters = useView((view) => view.filters);
  const used = new Set(filters.flatMap((filter) => ("column" in filter ? [filter.column] : [])));
  const free = found.fields.filter((field) => !used.has(field.name));
  const data = free.filter(
    ({ column }) => OF_THE_DATA.includes(column.group) || column.name === "target",
  );
  const model = free.filter((field) => !data.includes(field));
  const made = found.fields.filter((field) => used.has(field.name));
  if (!found.sides.outsideTotal) return null;
  return (
    <div class="field-tables">
      <FieldGroup title="What sets them apart in the data" fields={data} found={found} />
      <FieldGroup title="What the model made of them" fields={model} found={found} />
      {made.length > 0 && (
        <FieldGroup title="What they were selected by" fields={made} found={found} />
      )}
      <p class="note">
        Ranked by effect: Cliff’s delta for numbers, difference of shares for categories. Fields
        whose interval holds zero are pale. Of many fields some differ by chance.
      </p>
    </div>
  );
}

function FieldGroup({
  title,
  fields,
  found,
}: {
  title: string;
  fields: FoundField[];
  found: Contrast;
}) {
  const [shown, setShown] = useState(FIRST_SHOWN);
  if (!fields.length) {
    if (found.done < found.total) return null;
    return (
      <section>
        <h4>{title}</h4>
        <p class="note">Nothing does, or fewer than three samples have values.</p>
      </section>
    );
  }
  return (
    <section aria-label={title}>
      <h4>{title}</h4>
      <ul class="field-table">
        {fields.slice(0, shown).map((field) => (
          <FieldRow key={field.name} field={field} />
        ))}
      </ul>
      {fields.length > shown && (
        <button
          type="button"
          class="quiet"
          onClick={() => setShown(fields.length)}
        >{`Show all ${fields.length}`}</button>
      )}
    </section>
  );
}

function FieldRow({ field: { column, found } }: { field: FoundField }) {
  const session = useSession();
  const direction =
    found.category === null
      ? found.effect > 0
        ? "higher"
        : "lower"
      : found.effect > 0
        ? "more_frequent"
        : "less_frequent";
  const words = {
    category: found.category,
    direction,
    inside: found.inside,
    outside: found.outside,
  } as const;
  const exact = `${found.category === null ? "Cliff's delta" : "difference of shares"} ${number(found.effect)} (${bounds([found.lower, found.upper])}), n ${whole(found.insideCount)} and ${whole(found.outsideCount)}`;
  return (
    <li class={isClear(found) ? "" : "is-unclear"} title={exact}>
      <button
        type="button"
        class="link"
        aria-label={`Curve of ${column.label}`}
        onClick={() => focusCurve(session, column.field ?? column.name)}
      >
        {capital(column.label)}
      </button>
      <span class="field-direction">{directionWords(words)}</span>
      <DeltaBar effect={found.effect} interval={[found.lower, found.upper]} />
      <small>
        {`${fieldWords(words)}; ${strength(found.effect)}`}
        <span class="field-exact">{`${number(found.effect)} (${bounds([found.lower, found.upper])}) · n ${whole(found.insideCount)} / ${whole(found.outsideCount)}`}</span>
      </small>
    </li>
  );
}
