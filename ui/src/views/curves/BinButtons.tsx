import { useState } from "preact/hooks";
import type { CurveBin } from "../../payload";
import type { ChartProps } from "./CurveChart";
import type { Frame } from "./frame";
import { binWords } from "./words";

type ButtonsProps = ChartProps & {
  frame: Frame;
  bins: readonly CurveBin[];
  splits: string[];
  onShow: (bin: number | null) => void;
};

/** A transparent button over each bin: one stop of the tab key, arrows from bin to bin. */
export function BinButtons({
  curve,
  field,
  measure,
  frame,
  bins,
  splits,
  kept,
  confidence,
  onKeep,
  onShow,
}: ButtonsProps) {
  const [current, setCurrent] = useState(0);
  const [anchor, setAnchor] = useState<number | null>(null);
  const keep = (bin: number, extend: boolean): void => {
    const from = extend && anchor !== null ? anchor : bin;
    setAnchor(from);
    onKeep?.(Math.min(from, bin), Math.max(from, bin));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const target = step ? current + step : { Home: 0, End: bins.length - 1 }[event.key];
    if (event.key === "Enter" || event.key === " ") keep(current, event.shiftKey);
    else if (target === undefined || !bins[target]) return;
    else {
      setCurrent(target);
      ((event.currentTarget as HTMLElement).children[target] as HTMLElement).focus();
    }
    event.preventDefault();
  };
  const label = `Bins of ${field}; ${onKeep ? "Enter keeps the samples of one, Shift and Enter up to another" : measure}`;
  return (
    <div
      class="curve-bins"
      role="listbox"
      aria-multiselectable="true"
      aria-orientation="horizontal"
      aria-label={label}
      onKeyDown={onKeyDown}
    >
      {bins.map((_, i) => (
        <div
          key={i}
          role="option"
          aria-selected={kept?.[i] ?? false}
          aria-label={binWords(curve, splits, i, confidence)}
          tabIndex={i === Math.min(current, bins.length - 1) ? 0 : -1}
          style={{
            left: `${frame.left + i * frame.slot}px`,
            width: `${frame.slot}px`,
            height: `${frame.height}px`,
          }}
          onClick={(event) => (setCurrent(i), keep(i, event.shiftKey))}
          onFocus={() => (setCurrent(i), onShow(i))}
          onBlur={() => onShow(null)}
          onMouseEnter={() => onShow(i)}
          onMouseLeave={() => onShow(null)}
        />
      ))}
    </div>
  );
}
