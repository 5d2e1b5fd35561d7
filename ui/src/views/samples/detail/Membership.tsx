import type { InsightHeader } from "../../../payload";
import { useSession } from "../../../state";
import { capital, plain, shorten } from "../../../parts/text";
import { selectInsight } from "../../insights/select";

/** The insights that a sample appears in. */
export function Membership({ row }: { row: number }) {
  const session = useSession();
  const { dataset } = session;
  const found = dataset.header.insights
    .map((insight, place) => ({ insight, rank: place + 1 }))
    .filter(({ insight }) => dataset.insightRows(insight).includes(row));
  if (!dataset.header.insights.length) return null;
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
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
