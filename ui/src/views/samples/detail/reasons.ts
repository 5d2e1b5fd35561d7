/** Why a sample is in an insight: what of the finding is true of this very sample. */
import type { Column } from "../../../data/columns";
import type { Dataset } from "../../../data/dataset";
import { number, percent, valueText } from "../../../parts/format";
import { plain, shorten } from "../../../parts/text";
import type { InsightHeader, SeparatingField } from "../../../payload";

/** Separating fields looked at, strongest first. */
const MOST_FIELDS = 3;
const LABEL_LENGTH = 40;

/** Scores that a kind of insight is about, by column. */
const SCORES: Readonly<Record<string, readonly string[]>> = {
  low_performance: ["loss"],
  metadata_loss: ["loss"],
  overfitting: ["loss"],
  label_error: ["target", "suggested_class", "label_quality", "loss"],
  near_duplicate: ["duplicate_group"],
  leakage: ["duplicate_group"],
  outlier: ["outlier_score"],
  hard_to_learn: ["area_under_margin", "forgetting_events"],
  predicted_loss: ["predicted_loss", "predicted_loss_low", "predicted_loss_high"],
};

/** The reasons in phrases, e.g. `in region fine/3`, `loss 2.3`, `brightness 0.9, elsewhere 0.4`. */
export function reasonsOf(dataset: Dataset, insight: InsightHeader, row: number): string[] {
  return [
    ...regionReason(dataset, insight, row),
    ...scoreReasons(dataset, insight, row),
    ...fieldReasons(dataset, insight, row),
  ];
}

/** Its own region: an insight may be of several that are one together. */
function regionReason(dataset: Dataset, { region }: InsightHeader, row: number): string[] {
  const own = ["cluster_fine", "cluster_coarse"].map((level) => dataset.category(level, row));
  const found = region?.split("+").find((one) => own.includes(one));
  return found ? [`lies in region ${found}`] : [];
}

function scoreReasons(dataset: Dataset, { kind }: InsightHeader, row: number): string[] {
  const names = SCORES[kind] ?? [];
  return names.flatMap((name) => {
    const column = dataset.column(name);
    return column && hasValue(column, row) ? `${plain(column.label)} ${valueOf(column, row)}` : [];
  });
}

/** The fields that separate the insight's samples and in which this one is on their side. */
function fieldReasons(dataset: Dataset, { metadata }: InsightHeader, row: number): string[] {
  return metadata.slice(0, MOST_FIELDS).flatMap((field) => {
    const column = dataset.columnOfField(field.name) ?? dataset.column(field.name);
    if (!column || !hasValue(column, row) || !isOnTheirSide(column, field, row)) return [];
    const elsewhere =
      field.category === null
        ? `median elsewhere ${number(field.outside)}`
        : `${percent(field.outside)} elsewhere`;
    return `${plain(column.label)} ${valueOf(column, row)} (${elsewhere})`;
  });
}

function isOnTheirSide(column: Column, field: SeparatingField, row: number): boolean {
  if (field.category !== null) {
    const is = valueText(column, row) === field.category;
    return field.direction === "more_frequent" ? is : !is;
  }
  if (column.kind !== "number") return false;
  const value = column.values[row]!;
  const middle = (field.inside + field.outside) / 2;
  return field.direction === "higher" ? value > middle : value < middle;
}

const hasValue = (column: Column, row: number): boolean =>
  column.kind === "number" ? !Number.isNaN(column.values[row]!) : valueText(column, row) !== "–";

const valueOf = (column: Column, row: number): string =>
  shorten(valueText(column, row), LABEL_LENGTH);
