import type { InsightHeader } from "../../payload";
import { useSession } from "../../state";
import { CopyButton } from "../../parts/CopyButton";
import { yamlOf } from "./yaml";

/** The test that would guard against an insight, to be kept in a file; nothing where none is proposed. */
export function Guard({ insight }: { insight: InsightHeader }) {
  const { header } = useSession().dataset;
  // Analyses of older versions propose none.
  if (!insight.expectation) return null;
  const yaml = yamlOf(insight.expectation, insight, header.run_id);
  return (
    <details class="guard">
      <summary>A test that guards against it</summary>
      <pre tabIndex={0} aria-label="Expectation as YAML">
        {yaml}
      </pre>
      <p class="note">
        In a file of expectations, <code>mlflow-latent test RUN --file expectations.yaml</code> asks
        it of every later run. <CopyButton text={yaml} what="the expectation" label="Copy" />
      </p>
    </details>
  );
}
