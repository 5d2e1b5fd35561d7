import type { InsightHeader } from "../../payload";
import type { Session, ViewState } from "../../state";
import { shorten } from "../../parts/text";

const LABEL_LENGTH = 60;

/** Keep only an insight's samples; `change` is part of the same step of undo. */
export function selectInsight(
  session: Session,
  insight: InsightHeader,
  change: Partial<ViewState> = {},
): void {
  const rest = session.state.peek().filters.filter((filter) => !isOfInsight(filter));
  const filter = {
    type: "rows" as const,
    label: shorten(insight.title, LABEL_LENGTH),
    rows: session.dataset.insightRows(insight),
    source: { insight: insight.key },
  };
  session.update({ ...change, filters: [...rest, filter] });
}

const isOfInsight = (filter: ViewState["filters"][number]): boolean =>
  filter.type === "rows" && filter.source?.insight !== undefined;

/** The key of the insight whose samples are kept; null if none. */
export function selectedInsight(view: ViewState): string | null {
  const filter = view.filters.find(isOfInsight);
  return filter?.type === "rows" ? (filter.source?.insight ?? null) : null;
}
