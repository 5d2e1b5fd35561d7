import type { Curve } from "../../payload";
import { bounds, number, whole } from "../../parts/format";
import { shorten } from "../../parts/text";
import { FEW_SAMPLES } from "./geometry";

interface ReadoutProps {
  curve: Curve;
  splits: string[];
  bin: number | null;
  colorOf: (split: string) => string;
  confidence: number;
}

/** The numbers of the bin under the pointer, in a place of their own; else what the marks mean. */
export function Readout({ curve, splits, bin, colorOf, confidence }: ReadoutProps) {
  const first = bin === null ? undefined : curve.series[splits[0]!]![bin];
  return (
    <div class="curve-readout">
      {splits.map((split, place) => {
        const of = bin === null ? undefined : curve.series[split]![bin];
        return (
          <span key={split} class="curve-legend">
            <i class={place % 2 ? "is-square" : ""} style={{ background: colorOf(split) }} />
            <b>{shorten(split, 30)}</b>
            {of && (
              <span>
                {of.mean === null
                  ? "no samples"
                  : `${number(of.mean)} (${bounds(of.interval)}), n ${whole(of.n)}`}
              </span>
            )}
          </span>
        );
      })}
      {first ? (
        <span class="curve-of">{first.label}</span>
      ) : (
        <FewNote curve={curve} splits={splits} confidence={confidence} />
      )}
    </div>
  );
}

function FewNote({
  curve,
  splits,
  confidence,
}: {
  curve: Curve;
  splits: string[];
  confidence: number;
}) {
  const hasFew = splits.some((split) =>
    curve.series[split]!.some((bin) => bin.n > 0 && bin.n < FEW_SAMPLES),
  );
  const note = `bars: ${Math.round(100 * confidence)} % interval${hasFew ? `; hollow: under ${FEW_SAMPLES} samples` : ""}`;
  return <span class="curve-of">{note}</span>;
}
