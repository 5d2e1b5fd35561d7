import { bounds, number, whole } from "../../parts/format";
import type { Contrast, MeanContrast } from "./contrast";
import { isClear } from "./separation";

/** Mean loss (and metrics) of the selection and of the rest. */
export function Means({ found }: { found: Contrast }) {
  if (!found.means.length) return null;
  return (
    <div class="means">
      {found.means.map((one) => (
        <Mean key={one.column.name} of={one} />
      ))}
    </div>
  );
}

function Mean({ of }: { of: MeanContrast }) {
  const { column, inside, outside, difference } = of;
  const most = Math.max(Math.abs(inside.effect), Math.abs(outside.effect) || 0, Number.MIN_VALUE);
  const line = (label: string, side: MeanContrast["inside"]) => (
    <div class={label === "selection" ? "is-inside" : ""}>
      <dt>{label}</dt>
      <dd class="rate-bar" aria-hidden="true">
        <i style={{ width: `${(100 * Math.abs(side.effect || 0)) / most}%` }} />
      </dd>
      <dd
        class="rate-value"
        title={`${interval(side.lower, side.upper)}, ${whole(side.n)} samples`}
      >
        {side.n ? number(side.effect) : "–"}
      </dd>
    </div>
  );
  return (
    <section aria-label={`Mean ${column.label}`}>
      <h4>{`Mean ${column.label}`}</h4>
      <dl class="rates">
        {line("selection", inside)}
        {line("rest", outside)}
      </dl>
      {outside.n > 1 && inside.n > 1 && (
        <small>{`difference ${number(difference.effect)} (${interval(difference.lower, difference.upper)})${isClear(difference) ? "" : ": may be chance"}`}</small>
      )}
    </section>
  );
}

const interval = (lower: number, upper: number): string =>
  bounds([Number.isFinite(lower) ? lower : null, Number.isFinite(upper) ? upper : null]);
