import { useState } from "preact/hooks";
import type { InsightHeader } from "../../payload";
import { useSession, useView } from "../../state";
import { Picture, hasPicture } from "../../parts/Picture";
import { sampleWords, verdict } from "../samples/values";
import { BaseRates, Effect } from "./EffectBar";
import { Fields } from "./Fields";
import { Guard } from "./Guard";
import type { Review, Reviews } from "./reviews";
import { ReviewBox } from "./ReviewBox";
import { selectInsight, selectedInsight } from "./select";
import { count } from "../../parts/format";
import { capital, plain, shorten } from "../../parts/text";
import { qValue, samplesBySplit } from "./words";

/** Letters shown at most: names may be of any length, and each line is to be read. */
const TITLE_LENGTH = 240;
const TEXT_LENGTH = 600;
const NAME_LENGTH = 60;

export interface CardProps {
  readonly insight: InsightHeader;
  /** from 1, the most severe first. */
  readonly rank: number;
  readonly reviews: Reviews;
  /** called with a field's name to show its curve. */
  readonly onCurve: (field: string) => void;
  /** called with the title of another insight. */
  readonly onRelated: (kind: string, title: string) => void;
}

/** An insight: what was found, how sure that is, and what to do; open, everything known of it. */
export function InsightCard({ insight, rank, reviews, onCurve, onRelated }: CardProps) {
  const session = useSession();
  const { dataset } = session;
  const isSelected = useView(selectedInsight) === insight.key;
  const [opened, setOpened] = useState<boolean | null>(null);
  const isOpen = opened ?? isSelected;
  const review = reviews.all.value.get(insight.key);
  const rows = dataset.insightRows(insight);
  const toggle = (): void => {
    if (isSelected) session.removeFilter("rows:insight");
    else selectInsight(session, insight);
    setOpened(null);
  };
  return (
    <article
      class={`insight${isSelected ? " is-selected" : ""}${review ? ` is-${review.status}` : ""}`}
      id={`insight-${insight.key}`}
      aria-label={shorten(insight.title, TITLE_LENGTH)}
    >
      <CardHead insight={insight} rank={rank} review={review} />
      <h3>
        <button
          type="button"
          aria-pressed={isSelected}
          onClick={toggle}
          title={isSelected ? "Show all samples again" : "Show these samples only"}
        >
          {shorten(insight.title, TITLE_LENGTH)}
        </button>
      </h3>
      <Strip rows={rows} />
      <Effect insight={insight} confidence={dataset.header.confidence} />
      {isOpen && <CardBody insight={insight} rows={rows} onCurve={onCurve} onRelated={onRelated} />}
      {isOpen && <ReviewBox insightKey={insight.key} review={review} reviews={reviews} />}
      <div class="card-foot">
        <button
          type="button"
          class="link"
          aria-expanded={isOpen}
          onClick={() => setOpened(!isOpen)}
        >
          {isOpen ? "Less" : "More"}
        </button>
        <CardActions insight={insight} onCurve={onCurve} />
      </div>
    </article>
  );
}

function CardHead({
  insight,
  rank,
  review,
}: {
  insight: InsightHeader;
  rank: number;
  review: Review | undefined;
}) {
  return (
    <p class="card-head">
      <span class="rank">{rank}</span>
      <span>{capital(plain(insight.kind))}</span>
      {insight.split && <span>{`in ${shorten(insight.split, NAME_LENGTH)}`}</span>}
      {review && (
        <span class={`tag is-${review.status}`} title={review.comment || undefined}>
          {review.status}
        </span>
      )}
    </p>
  );
}

const STRIP = 8;
const STRIP_PICTURE = 40;

/** Some of the samples, those of highest loss first. */
function Strip({ rows }: { rows: Uint32Array }) {
  const session = useSession();
  const { dataset } = session;
  const loss = dataset.column("loss");
  const value = (row: number): number =>
    loss?.kind === "number" && Number.isFinite(loss.values[row]!) ? loss.values[row]! : -Infinity;
  const shown = topRows(rows, value, (row) => hasPicture(session, row));
  if (!shown.length) return null;
  return (
    <ul class="strip" aria-label={loss ? "The samples of highest loss" : "Some of the samples"}>
      {shown.map((row) => (
        <li key={row}>
          <button
            type="button"
            class={verdict(dataset, row).isWrong ? "is-wrong" : ""}
            aria-label={sampleWords(dataset, row)}
            title={sampleWords(dataset, row)}
            onClick={() => session.update({ pinned: row })}
            onMouseEnter={() => (session.hovered.value = row)}
            onMouseLeave={() => (session.hovered.value = null)}
          >
            <Picture row={row} size={STRIP_PICTURE} />
          </button>
        </li>
      ))}
    </ul>
  );
}

/** The `STRIP` rows of the largest values among those wanted; one pass, as an insight may hold half a million. */
function topRows(
  rows: Uint32Array,
  value: (row: number) => number,
  wanted: (row: number) => boolean,
): number[] {
  const top: number[] = [];
  for (const row of rows) {
    if (top.length === STRIP && value(row) <= value(top.at(-1)!)) continue;
    if (!wanted(row)) continue;
    const place = top.findIndex((other) => value(other) < value(row));
    top.splice(place < 0 ? top.length : place, 0, row);
    if (top.length > STRIP) top.pop();
  }
  return top;
}

type BodyProps = Pick<CardProps, "insight" | "onCurve" | "onRelated"> & { rows: Uint32Array };

function CardBody({ insight, rows, onCurve, onRelated }: BodyProps) {
  return (
    <div class="card-body">
      <BaseRates insight={insight} />
      <p
        class="counts"
        title={`p = ${insight.p_value}, ${qValue(insight.q_value)} after correction`}
      >{`${samplesBySplit(insight.counts, rows.length)} · ${qValue(insight.q_value)}`}</p>
      <Fields fields={insight.metadata} onCurve={onCurve} />
      {insight.action && (
        <p class="action">
          <b>What to do</b> {shorten(insight.action, TEXT_LENGTH)}
        </p>
      )}
      <Guard insight={insight} />
      <Children insight={insight} />
      {insight.related.length > 0 && (
        <div class="related">
          <h4>Also found of about these samples</h4>
          <ul>
            {insight.related.map(({ kind, title, shared }) => (
              <li key={`${kind}${title}`}>
                <button type="button" class="link" onClick={() => onRelated(kind, title)}>
                  {shorten(title, TITLE_LENGTH)}
                </button>
                <small>{`${plain(kind)}, ${count(shared)} in both`}</small>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

/** Overlapping insights that say less; a click shows the samples of one. */
function Children({ insight }: { insight: InsightHeader }) {
  const session = useSession();
  const { dataset } = session;
  if (!insight.children.length) return null;
  return (
    <details class="children">
      <summary>{`${count(insight.children.length, "overlapping finding")} merged into this one`}</summary>
      <ul>
        {insight.children.map((child) => (
          <li key={child.key}>
            <button type="button" class="link" onClick={() => selectInsight(session, child)}>
              {shorten(child.title, TITLE_LENGTH)}
            </button>
            <small>{`${plain(child.kind)}, ${count(dataset.insightRows(child).length)}`}</small>
          </li>
        ))}
      </ul>
    </details>
  );
}

function CardActions({ insight, onCurve }: Pick<CardProps, "insight" | "onCurve">) {
  const session = useSession();
  const field = insight.metadata.find((one) =>
    session.dataset.header.curves.some(
      (curve) => curve.field === one.name || curve.similar_fields.includes(one.name),
    ),
  );
  return (
    <>
      <button
        type="button"
        class="link"
        onClick={() => selectInsight(session, insight, { tab: "samples" })}
      >
        Samples
      </button>
      {field && (
        <button
          type="button"
          class="link"
          onClick={() => (selectInsight(session, insight), onCurve(field.name))}
        >
          Curve
        </button>
      )}
      <button
        type="button"
        class="link"
        onClick={() => selectInsight(session, insight, { tab: "selection" })}
      >
        Compare with the rest
      </button>
    </>
  );
}
