import type { InsightHeader } from "../../../payload";
import { useSession } from "../../../state";
import { capital, plain, shorten } from "../../../parts/text";
import { selectInsight } from "../../insights/select";
import { reasonsOf } from "./reasons";

interface Found {
  readonly insight: InsightHeader;
  /** place in the list, from 1; or of which one it is a part. */
  readonly rank: string;
}

/** The insights that a sample appears in, and why it does. */
export function Membership({ row }: { row: number }) {
  const session = useSession();
  const { dataset } = session;
  const { insights } = dataset.header;
  const found = insights.flatMap((insight, place) => holding(insight, `${place + 1}`));
  if (!insights.length) return null;
  const open = (insight: InsightHeader) => (): void =>
    selectInsight(session, insight, { tab: "insights", pinned: null });
  return (
    <section class="detail-part" aria-label="Insights with this sample">
      <h3>Insights with this sample</h3>
      {found.length === 0 && <p class="note">None: no insight holds it.</p>}
      <ul class="membership">
        {found.map(({ insight, rank }) => (
          <li key={insight.key}>
            <button type="button" onClick={open(insight)}>
              <small>{`${rank} · ${capital(plain(insight.kind))}`}</small>
              <span>{shorten(insight.title, 160)}</span>
              <Reasons reasons={reasonsOf(dataset, insight, row)} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );

  /** The insight where it holds the sample; else those merged into it that do. */
  function holding(insight: InsightHeader, rank: string): Found[] {
    if (dataset.insightRows(insight).includes(row)) return [{ insight, rank }];
    return insight.children.flatMap((child) =>
      holding(child, `part of ${rank.replace("part of ", "")}`),
    );
  }
}

function Reasons({ reasons }: { reasons: readonly string[] }) {
  if (!reasons.length) return null;
  return <small>{`This one: ${reasons.join("; ")}.`}</small>;
}
