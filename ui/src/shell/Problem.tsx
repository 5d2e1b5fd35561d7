import type { PageError } from "../data/errors";

/** What went wrong and what to do about it, in place of a page or a panel. */
export function Problem({ problem }: { problem: PageError }) {
  return (
    <main class="problem">
      <div role="alert">
        <h1>{problem.title}</h1>
        <p>{problem.mend}</p>
      </div>
    </main>
  );
}
