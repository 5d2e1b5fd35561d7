import type { Signal } from "@preact/signals";
import { ColumnSelect } from "../../parts/ColumnSelect";
import { Icon, type IconName } from "../../parts/Icon";
import { WHOLE, zoomedAt } from "../../scatter/camera";
import type { Stage } from "../../scatter/stage";
import { useSession, useView, type Tool } from "../../state";
import { SplitToggles } from "./SplitToggles";

const TOOLS: readonly (readonly [Tool, string])[] = [
  ["pan", "Move (P)"],
  ["lasso", "Lasso (L, or drag with Shift)"],
  ["box", "Box (B, or drag with Alt)"],
];
const STEP = 1.6;

/** The row above the map: tools, color, size, splits, zoom. */
export function Tools({ stage, pictures }: { stage: Stage | null; pictures: Signal<boolean> }) {
  const session = useSession();
  const color = useView((view) => view.color);
  const size = useView((view) => view.size);
  return (
    <div class="tools" role="toolbar" aria-label="Map">
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
      <span class="spring" />
      {session.thumbnails.any && (
        <IconButton
          icon="picture"
          label="Pictures among the points, when zoomed in"
          pressed={pictures.value}
          onClick={() => (pictures.value = !pictures.value)}
        />
      )}
      <div class="segments" role="group" aria-label="Zoom">
        <IconButton icon="minus" label="Zoom out" onClick={() => zoom(1 / STEP)} />
        <IconButton icon="plus" label="Zoom in" onClick={() => zoom(STEP)} />
        <IconButton icon="fit" label="Show all (0)" onClick={() => (session.camera.value = WHOLE)} />
      </div>
    </div>
  );

  function zoom(factor: number): void {
    const camera = session.camera.peek();
    if (stage) session.camera.value = zoomedAt(camera, camera.x, camera.y, factor);
  }
}

function IconButton(props: {
  icon: IconName;
  label: string;
  pressed?: boolean;
  onClick: () => void;
}) {
  return (
    <button
      class="icon-button"
      aria-label={props.label}
      title={props.label}
      aria-pressed={props.pressed}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}
