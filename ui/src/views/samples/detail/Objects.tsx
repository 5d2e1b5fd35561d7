import { useSession } from "../../../state";
import { percent, whole } from "../../../parts/format";
import { shorten } from "../../../parts/text";
import type { Overlay } from "../../../parts/overlays";
import { rowOverlays } from "../../../parts/Picture";

/** Scores listed of one category; a crowd has hundreds. */
const SCORES_SHOWN = 6;

/** What is drawn over the picture, class by class: how many targets and predictions, and how sure. */
export function Objects({ row }: { row: number }) {
  const { dataset } = useSession();
  const objects = rowOverlays(dataset, row);
  if (!objects.length) return null;
  return (
    <section class="detail-part" aria-label="Objects of the sample">
      <h3>Objects</h3>
      <table class="objects">
        <thead>
          <tr>
            <th scope="col">class</th>
            <th scope="col">targets</th>
            <th scope="col">predictions</th>
            <th scope="col">scores</th>
          </tr>
        </thead>
        <tbody>
          {byCategory(objects).map(([category, own]) => (
            <ObjectsLine key={category} category={category} objects={own} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** The objects of each class, the most frequent class first. */
export function byCategory(objects: readonly Overlay[]): [string, Overlay[]][] {
  const groups = new Map<string, Overlay[]>();
  for (const object of objects)
    groups.set(object.category, [...(groups.get(object.category) ?? []), object]);
  return [...groups].sort((a, b) => b[1].length - a[1].length || a[0].localeCompare(b[0]));
}

function ObjectsLine({ category, objects }: { category: string; objects: Overlay[] }) {
  const predictions = objects.filter((one) => one.role === "prediction");
  const targets = objects.length - predictions.length;
  const scores = predictions
    .flatMap(({ score }) => (score === null ? [] : [score]))
    .sort((a, b) => b - a);
  const more = scores.length > SCORES_SHOWN ? ", …" : "";
  return (
    <tr class={targets === predictions.length ? "" : "is-uneven"}>
      <th scope="row">{shorten(category, 40) || "(empty)"}</th>
      <td>{whole(targets)}</td>
      <td>{whole(predictions.length)}</td>
      <td>{scores.slice(0, SCORES_SHOWN).map(percent).join(", ") + more || "–"}</td>
    </tr>
  );
}
