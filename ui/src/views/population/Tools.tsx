import { ColumnSelect } from "../../parts/ColumnSelect";
import { IconButton } from "../../parts/IconButton";
import { useSession, useView, type Tool } from "../../state";
import { SplitToggles } from "./SplitToggles";

const TOOLS: readonly (readonly [Tool, string])[] = [
  ["pan", "Move (P)"],
  ["lasso", "Lasso (L, or drag with Shift)"],
  ["box", "Box (B, or drag with Alt)"],
];

/** The row above the map: tools, color, size, splits. */
export function Tools() {
  const session = useSession();
  const color = useView((view) => view.color);
  const size = useView((view) => view.size);
  return (
    <div class="tools" role="toolbar" aria-label="Map" inert={!session.isWhole.value}>
      <div class="segments" role="group" aria-label="Dragging">
        {TOOLS.map(([tool, label]) => (
          <IconButton
            key={tool}
            icon={tool}
            label={label}
            pressed={session.tool.value === tool}
            onClick={() => (session.tool.value = tool)}
          />
        ))}
      </div>
      <ColumnSelect
        label="Color"
        value={color}
        kinds={["number", "category"]}
        none="One color"
        onChange={(name) => session.update({ color: name })}
      />
      <ColumnSelect
        label="Size"
        value={size}
        kinds={["number"]}
        none="Same size"
        onChange={(name) => session.update({ size: name })}
      />
      <SplitToggles />
    </div>
  );
}
