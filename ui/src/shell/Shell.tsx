import { Detail } from "../views/samples/Detail";
import { InsightsTab } from "../views/insights/InsightsTab";

/** The page of one run. */
export function Shell() {
  return (
    <main>
      <InsightsTab />
      <Detail />
    </main>
  );
}
