import { useState } from "preact/hooks";
import type { Curve } from "../../payload";
import { BinButtons } from "./BinButtons";
import { BinLabels } from "./BinLabels";
import { Counts, Series, ValueAxis } from "./CurveMarks";
import { Readout } from "./CurveReadout";
import { frameOf } from "./frame";
import { splitsOf, valueAxis } from "./geometry";

/** A curve and how to name it. */
export interface ChartProps {
  readonly curve: Curve;
  /** the horizontal axis, in words. */
  readonly field: string;
  /** the vertical axis, in words. */
  readonly measure: string;
  /** splits in the order of the report. */
  readonly splitOrder: readonly string[];
  readonly colorOf: (split: string) => string;
  /** of the intervals. */
  readonly confidence: number;
  readonly width: number;
  /** bins that a filter keeps; null if there is no filter on this field. */
  readonly kept: readonly boolean[] | null;
  /** asked to keep the bins from one to another, both included; the same bin again is "no more". */
  readonly onKeep?: (first: number, last: number) => void;
}

/** A curve: the mean of a measure with its interval in every bin of a field, a line per split. */
export function CurveChart(props: ChartProps) {
  const { curve, width, measure, splitOrder, confidence } = props;
  const [shown, setShown] = useState<number | null>(null);
  const splits = splitsOf(curve, splitOrder);
  const bins = curve.series[splits[0]!] ?? [];
  const frame = frameOf(
    width,
    bins.length,
    valueAxis(splits.map((split) => [...curve.series[split]!])),
  );
  return (
    <div class="curve-chart">
      <svg width={width} height={frame.height} aria-hidden="true">
        <ValueAxis frame={frame} title={measure} />
        {splits.map((split, place) => (
          <Series
            key={split}
            {...props}
            frame={frame}
            split={split}
            place={place}
            among={splits.length}
          />
        ))}
        <Counts {...props} frame={frame} splits={splits} />
        <BinLabels frame={frame} bins={bins} shown={shown} />
      </svg>
      <BinButtons {...props} frame={frame} bins={bins} splits={splits} onShow={setShown} />
      <Readout
        curve={curve}
        splits={splits}
        bin={shown}
        colorOf={props.colorOf}
        confidence={confidence}
      />
    </div>
  );
}
