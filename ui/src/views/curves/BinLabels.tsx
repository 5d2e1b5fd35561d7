import type { CurveBin } from "../../payload";
import { number } from "../../parts/format";
import type { Frame } from "./frame";
import { edgesOf } from "./geometry";

const LABEL_WIDTH = 46; // pixels that a label under the axis needs

/** Edges between bins of numbers, names under categories and single values; as many as fit. */
export function BinLabels({
  frame,
  bins,
  shown,
}: {
  frame: Frame;
  bins: readonly CurveBin[];
  shown: number | null;
}) {
  const edges = edgesOf(bins);
  const y = frame.height - 5;
  const every = Math.max(1, Math.ceil(LABEL_WIDTH / frame.slot));
  const letters = Math.max(3, Math.floor((every * frame.slot) / 6.2));
  if (edges)
    return (
      <g class="curve-labels">
        {edges.map((edge, i) => {
          const last = i === edges.length - 1;
          if (i % every !== 0 && !last) return null;
          if (
            !last &&
            i + every > edges.length - 1 &&
            i !== 0 &&
            (edges.length - 1 - i) * frame.slot < LABEL_WIDTH
          )
            return null;
          return (
            <text
              key={i}
              x={frame.left + i * frame.slot}
              y={y}
              text-anchor={last ? "end" : i === 0 ? "start" : "middle"}
            >
              {number(edge)}
            </text>
          );
        })}
      </g>
    );
  return (
    <g class="curve-labels">
      {bins.map((bin, i) =>
        i % every === 0 ? (
          <text
            key={i}
            x={frame.left + (i + 0.5) * frame.slot}
            y={y}
            text-anchor="middle"
            class={i === shown ? "is-shown" : ""}
          >
            {bin.label.length > letters ? `${bin.label.slice(0, letters - 1)}…` : bin.label}
          </text>
        ) : null,
      )}
    </g>
  );
}
