import { useLayoutEffect, useRef } from "preact/hooks";
import type { Column } from "../../data/columns";
import type { Dataset } from "../../data/dataset";
import { valueText } from "../../parts/format";
import { hasPicture, Picture } from "../../parts/Picture";
import type { Stage } from "../../scatter/stage";
import { useSession, useView } from "../../state";

const ALWAYS = ["split", "target", "prediction", "loss"];
const PICTURE = 96;
/** CSS pixels between the point and its card. */
const GAP = 16;

/** What is under the pointer: its picture and the values that matter now. */
export function HoverCard({ stage }: { stage: Stage }) {
  const session = useSession();
  const row = session.hovered.value;
  const color = useView((view) => view.color);
  const size = useView((view) => view.size);
  const projection = useView((view) => view.projection);
  const card = useRef<HTMLDivElement>(null);
  session.camera.value;
  useLayoutEffect(() => {
    const plane = session.dataset.plane(projection);
    if (row === null || !plane || !card.current) return;
    place(card.current, stage, plane.x[row]!, plane.y[row]!);
  });
  if (row === null) return null;
  return (
    <div ref={card} class="hover-card" aria-hidden="true">
      {hasPicture(session, row) && <Picture row={row} size={PICTURE} />}
      <div class="hover-values">
        <strong class="clip">{session.dataset.sampleId(row)}</strong>
        <dl>
          {shownColumns(session.dataset, [color, size]).map((column) => (
            <div key={column.name}>
              <dt>{column.label}</dt>
              <dd>{valueText(column, row)}</dd>
            </div>
          ))}
        </dl>
      </div>
    </div>
  );
}

function shownColumns(dataset: Dataset, chosen: readonly (string | null)[]): Column[] {
  const names = new Set([...ALWAYS, ...chosen]);
  return [...names].flatMap((name) => dataset.column(name) ?? []);
}

/** Beside the point, on the side where there is room. */
function place(card: HTMLElement, stage: Stage, x: number, y: number): void {
  const to = stage.projector;
  const [width, height] = stage.extent;
  const [px, py] = [to.offsetX + x * to.scale, to.offsetY - y * to.scale];
  const right = px + GAP + card.offsetWidth < width;
  const left = right ? px + GAP : Math.max(4, px - GAP - card.offsetWidth);
  const top = Math.max(4, Math.min(height - card.offsetHeight - 4, py - card.offsetHeight / 2));
  card.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}
