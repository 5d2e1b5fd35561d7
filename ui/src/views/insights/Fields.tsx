import type { SeparatingField } from "../../payload";
import { useSession } from "../../state";
import { labelOfField } from "../curves/context";
import { bounds, number } from "../../parts/format";
import { directionWords, fieldWords, strength } from "./words";

const FIRST_SHOWN = 3;

/** The fields that separate an insight's samples from the rest, strongest first. */
export function Fields({
  fields,
  onCurve,
}: {
  fields: readonly SeparatingField[];
  onCurve: (field: string) => void;
}) {
  if (!fields.length) return null;
  return (
    <div class="fields">
      <h4>What sets them apart</h4>
      <ul>
        {fields.slice(0, FIRST_SHOWN).map((field) => (
          <FieldLine key={field.name} field={field} onCurve={onCurve} />
        ))}
      </ul>
      {fields.length > FIRST_SHOWN && (
        <details>
          <summary>{`${fields.length - FIRST_SHOWN} more`}</summary>
          <ul>
            {fields.slice(FIRST_SHOWN).map((field) => (
              <FieldLine key={field.name} field={field} onCurve={onCurve} />
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

function FieldLine({
  field,
  onCurve,
}: {
  field: SeparatingField;
  onCurve: (field: string) => void;
}) {
  const { dataset } = useSession();
  const name = labelOfField(dataset, field.name);
  const alike = field.similar_fields.length ? `; like ${field.similar_fields.join(", ")}` : "";
  const exact = `${field.effect_name} ${number(field.effect)} (${bounds(field.interval)})${alike}`;
  return (
    <li title={exact}>
      <button
        type="button"
        class="link"
        onClick={() => onCurve(field.name)}
        aria-label={`Curve of ${name}`}
      >
        {name}
      </button>
      <span class="field-direction">{directionWords(field)}</span>
      <DeltaBar effect={field.effect} interval={field.interval} />
      <small>
        {`${fieldWords(field)}; ${strength(field.effect)}`}
        <span class="hidden-text">{`, ${exact}`}</span>
      </small>
    </li>
  );
}

const WIDTH = 84;
const HEIGHT = 12;

/** An effect of −1…1 as a bar from the middle, with its interval. */
export function DeltaBar({
  effect,
  interval,
}: {
  effect: number;
  interval: readonly [number | null, number | null];
}) {
  const x = (value: number): number => ((Math.max(-1, Math.min(1, value)) + 1) / 2) * WIDTH;
  const [lower, upper] = [interval[0] ?? -1, interval[1] ?? 1];
  return (
    <svg class="delta" width={WIDTH} height={HEIGHT} aria-hidden="true">
      <rect x={0} y={HEIGHT / 2 - 1} width={WIDTH} height={2} class="delta-track" />
      <rect
        x={Math.min(x(0), x(effect))}
        y={3}
        width={Math.abs(x(effect) - x(0))}
        height={HEIGHT - 6}
        class="delta-bar"
      />
      <line x1={x(lower)} x2={x(upper)} y1={HEIGHT / 2} y2={HEIGHT / 2} class="delta-interval" />
      <line x1={x(0)} x2={x(0)} y1={0} y2={HEIGHT} class="delta-zero" />
    </svg>
  );
}
