import { useSession } from "../../../state";
import { number } from "../../../parts/format";
import { Picture, hasPicture } from "../../../parts/Picture";
import { numberOf, sampleWords, verdict, verdictText } from "../values";

const TILE = 56;

/** The most similar samples; a click walks on to one, a button selects them all. */
export function Neighbors({ row }: { row: number }) {
  const session = useSession();
  const { dataset } = session;
  const rows = dataset.neighbors(row);
  if (!rows.length) return null;
  const select = (): void =>
    session.addFilter({
      type: "rows",
      label: `similar to ${dataset.sampleId(row)}`,
      rows: Uint32Array.from([row, ...rows]),
      source: { neighborsOf: row },
    });
  return (
    <section class="detail-part" aria-label="Similar samples">
      <div class="part-head">
        <h3>Similar samples</h3>
        <button type="button" class="quiet" onClick={select}>
          Select them
        </button>
      </div>
      <ul class={session.thumbnails.any ? "neighbors" : "neighbors is-list"}>
        {rows.map((other) => (
          <Neighbor key={other} row={other} />
        ))}
      </ul>
    </section>
  );
}

function Neighbor({ row }: { row: number }) {
  const session = useSession();
  const { dataset } = session;
  const found = verdict(dataset, row);
  const loss = numberOf(dataset.column("loss"), row);
  const open = (): void => session.update({ pinned: row });
  const hover = (value: number | null) => () => (session.hovered.value = value);
  return (
    <li>
      <button
        type="button"
        class={`tile${found.isWrong ? " is-wrong" : ""}`}
        title={sampleWords(dataset, row)}
        onClick={open}
        onMouseEnter={hover(row)}
        onMouseLeave={hover(null)}
        onFocus={hover(row)}
        onBlur={hover(null)}
      >
        {hasPicture(session, row) ? (
          <Picture row={row} size={TILE} />
        ) : (
          <span class="tile-id">{dataset.sampleId(row)}</span>
        )}
        <span class="hidden-text">{`${dataset.sampleId(row)}, ${dataset.split(row)}: `}</span>
        <span class="tile-caption">
          <span class="tile-class">{verdictText(found) || dataset.split(row)}</span>
          {Number.isFinite(loss) && <span class="tile-loss">{number(loss)}</span>}
        </span>
      </button>
    </li>
  );
}
