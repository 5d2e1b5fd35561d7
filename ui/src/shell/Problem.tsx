import type { PageError } from "../data/errors";
import { useSource } from "./source";

/** What went wrong and what to do about it, in place of a page or a panel. */
export function Problem({ problem }: { problem: PageError }) {
  const runs = useSource().pageUrl("");
  return (
    <main class="problem">
      <div role="alert">
        <h1>{problem.title}</h1>
        <p>{problem.mend}</p>
        {runs && (
          <p>
            <a href={runs}>All runs</a>
          </p>
        )}
      </div>
    </main>
  );
}
