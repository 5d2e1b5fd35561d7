/** An insight's proposed expectation as the YAML that `mlflow-latent test` reads. */
import type { Expectation, InsightHeader } from "../../payload";

/** Filters that speak of the insight's own samples, which its file must then name. */
const OF_SAMPLES = /\bin (samples|region)\b/;

/**
 * One entry of a file of expectations.
 *
 * @param runId of the run that the insight is of; without it samples cannot be named.
 */
export function yamlOf(
  expectation: Expectation,
  insight: Pick<InsightHeader, "key">,
  runId: string | null,
): string {
  const { filter, metric, comparison, threshold, name } = expectation;
  const entries: [string, string][] = [
    ["filter", text(filter)],
    ["metric", text(metric)],
  ];
  entries.push(["comparison", text(comparison)], ["threshold", String(threshold)]);
  if (name) entries.unshift(["name", text(name)]);
  const source = expectation.samples_of ?? (runId && `${runId}/${insight.key}`);
  if (OF_SAMPLES.test(filter) && !expectation.samples && source)
    entries.push(["samples_of", text(source)]);
  if (expectation.samples) entries.push(["samples", JSON.stringify(expectation.samples)]);
  return entries.map(([key, value], place) => `${place ? "  " : "- "}${key}: ${value}\n`).join("");
}

/** A JSON string is a YAML string, whatever is in it. */
const text = (value: string): string => JSON.stringify(value);
