import { useSignal, type Signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { InsightHeader } from "../../payload";
import { useSession } from "../../state";
import { focusCurve } from "../curves/focus";
import { InsightCard } from "./InsightCard";
import { Notes } from "./Notes";
import { Regions } from "./Regions";
import { Reviews, type Review } from "./reviews";
import { count } from "../../parts/format";
import { plain } from "../../parts/text";
import "../samples/common.css";
import "./insights.css";

type Status = "open" | Review["status"] | "all";

const STATUSES: readonly Status[] = ["open", "approved", "archived", "all"];

/** Tab: what the analysis found, the most severe first. */
export function InsightsTab() {
  const session = useSession();
  const { header } = session.dataset;
  const reviews = useMemo(() => new Reviews(session.source, header.run_id ?? undefined), [session]);
  const kind = useSignal<string | null>(null);
  const status = useSignal<Status>("open");
  const ranked = header.insights.map((insight, place) => ({ insight, rank: place + 1 }));
  const isShown = ({ insight }: { insight: InsightHeader }): boolean =>
    (kind.value === null || insight.kind === kind.value) &&
    hasStatus(reviews, insight, status.value);
  const shown = ranked.filter(isShown);
  const onCurve = (field: string): void => focusCurve(session, field);
  const onRelated = (ofKind: string, title: string): void => {
    const found = header.insights.find((one) => one.kind === ofKind && one.title === title);
    if (!found) return;
    kind.value = null;
    status.value = "all";
    requestAnimationFrame(() =>
      document.getElementById(`insight-${found.key}`)?.scrollIntoView({ block: "start" }),
    );
  };
  return (
    <section class="insights" aria-label="Insights">
      {header.generalization && (
        <p class={`whole-model ${header.generalization.verdict}`}>{header.generalization.text}</p>
      )}
      {ranked.length > 0 && (
        <InsightFilters insights={header.insights} kind={kind} status={status} reviews={reviews} />
      )}
      {ranked.length === 0 && <NoInsights />}
      {ranked.length > 0 && shown.length === 0 && (
        <p class="empty">No insight of this kind and status. Choose another above.</p>
      )}
      <ol class="insight-list">
        {shown.map(({ insight, rank }) => (
          <li key={insight.key}>
            <InsightCard
              insight={insight}
              rank={rank}
              reviews={reviews}
              onCurve={onCurve}
              onRelated={onRelated}
            />
          </li>
        ))}
      </ol>
      <Regions />
      <Notes />
    </section>
  );
}

/** Approved ones stay open to the eye; only archived ones are put away. */
function hasStatus(reviews: Reviews, insight: InsightHeader, status: Status): boolean {
  const own = reviews.all.value.get(insight.key)?.status;
  if (status === "all") return true;
  return status === "open" ? own !== "archived" : own === status;
}

function NoInsights() {
  const { header } = useSession().dataset;
  const few = header.n < 200;
  return (
    <div class="empty">
      <p>The analysis found nothing that chance would not give.</p>
      <p>
        {few
          ? `${count(header.n)} ${header.n === 1 ? "is" : "are"} few: capture more of them, or look at the samples of highest loss.`
          : "Look at the curves and regions, or select samples and compare them with the rest."}
      </p>
    </div>
  );
}

interface FilterProps {
  insights: readonly InsightHeader[];
  kind: Signal<string | null>;
  status: Signal<Status>;
  reviews: Reviews;
}

function InsightFilters({ insights, kind, status, reviews }: FilterProps) {
  const kinds = [...new Set(insights.map((insight) => insight.kind))];
  const of = (one: string): number => insights.filter((insight) => insight.kind === one).length;
  return (
    <div class="insight-filters">
      <label>
        <span class="hidden-text">Kind of insight</span>
        <select
          class="select"
          value={kind.value ?? ""}
          onChange={(event) => (kind.value = event.currentTarget.value || null)}
        >
          <option value="">{`All kinds (${insights.length})`}</option>
          {kinds.map((one) => (
            <option key={one} value={one}>{`${plain(one)} (${of(one)})`}</option>
          ))}
        </select>
      </label>
      <div class="choice" role="group" aria-label="Status of the review">
        {STATUSES.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={status.value === one}
            onClick={() => (status.value = one)}
          >
            {one}
          </button>
        ))}
      </div>
      {reviews.problem.value && (
        <p class="failure" role="alert">
          {reviews.problem.value.message}
        </p>
      )}
    </div>
  );
}
