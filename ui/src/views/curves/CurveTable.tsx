import { useId } from "preact/hooks";
import { bounds, number, whole } from "../../parts/format";
import type { ChartProps } from "./CurveChart";
import { DISTRIBUTION } from "./distribution";
import { splitsOf } from "./geometry";

/** The same numbers as a table, for those who do not read drawings. */
export function CurveTable({
  curve,
  field,
  measure,
  splitOrder,
  confidence,
}: Omit<ChartProps, "width" | "kept" | "colorOf">) {
  const splits = splitsOf(curve, splitOrder);
  const caption = useId();
  const said = curve.measure === DISTRIBUTION ? "share" : "mean";
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-labelledby={caption}>
      <table class="curve-table">
        <caption
          id={caption}
        >{`${measure} by ${field}, ${said} and ${Math.round(100 * confidence)} % interval`}</caption>
        <thead>
          <tr>
            <th scope="col">{field}</th>
            {splits.flatMap((split) => [
              <th key={`${split}n`} scope="col">{`${split}, n`}</th>,
              <th key={split} scope="col">{`${split}, ${said}`}</th>,
            ])}
          </tr>
        </thead>
        <tbody>
          {curve.series[splits[0]!]?.map((first, i) => (
            <tr key={i}>
              <th scope="row">{first.label}</th>
              {splits.flatMap((split) => {
                const bin = curve.series[split]![i]!;
                return [
                  <td key={`${split}n`}>{whole(bin.n)}</td>,
                  <td key={split}>
                    {bin.mean === null ? "–" : `${number(bin.mean)} (${bounds(bin.interval)})`}
                  </td>,
                ];
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
