import { useSession } from "../../../state";
import { percent } from "../../../parts/format";
import { shorten } from "../../../parts/text";
import { verdict } from "../values";

/** Class index that stands for "fewer than k classes" in the payload. */
const NO_CLASS = 0xffff;

/** What a sample is, what it was taken for, and how sure the model was. */
export function Classes({ row }: { row: number }) {
  const { dataset } = useSession();
  const { target, prediction, isWrong } = verdict(dataset, row);
  if (target === null && prediction === null) return null;
  return (
    <section class="detail-part classes" aria-label="Target and prediction">
      <p class="verdict">
        {target !== null && (
          <span>
            <small>target</small> <b title={target}>{shorten(target, 60)}</b>
          </span>
        )}
        {prediction !== null && (
          <span>
            <small>prediction</small>{" "}
            <b class={isWrong ? "is-wrong" : ""} title={prediction}>
              {shorten(prediction, 60)}
            </b>
          </span>
        )}
        {target !== null && prediction !== null && (
          <span class={isWrong ? "tag is-wrong" : "tag"}>{isWrong ? "wrong" : "right"}</span>
        )}
      </p>
      <Probabilities row={row} target={target} />
    </section>
  );
}

/** The most probable classes as bars. */
function Probabilities({ row, target }: { row: number; target: string | null }) {
  const { dataset } = useSession();
  const found = probabilitiesOf(dataset, row);
  if (!found.length) return null;
  const isThere = target === null || found.some(({ name }) => name === target);
  return (
    <>
      <ul class="probabilities" aria-label="Most probable classes">
        {found.map(({ name, probability }) => (
          <li key={name} class={name === target ? "is-target" : ""}>
            <span class="probability-name" title={name}>
              {name}
              {name === target && <small> target</small>}
            </span>
            <span class="share-bar" aria-hidden="true">
              <i style={{ width: `${100 * probability}%` }} />
            </span>
            <span class="probability-value">{percent(probability)}</span>
          </li>
        ))}
      </ul>
      {!isThere && (
        <p class="note">{`The target is not among the ${found.length} most probable.`}</p>
      )}
    </>
  );
}

function probabilitiesOf(dataset: ReturnType<typeof useSession>["dataset"], row: number) {
  const { probabilities, class_names: names } = dataset.header;
  if (!probabilities) return [];
  const classes = dataset.payload.array(probabilities.classes);
  const values = dataset.payload.array(probabilities.values);
  return Array.from({ length: probabilities.k }, (_, i) => row * probabilities.k + i)
    .filter((place) => classes[place] !== NO_CLASS)
    .map((place) => ({
      name: names[classes[place]!] ?? String(classes[place]),
      probability: values[place]! / 255,
    }));
}
