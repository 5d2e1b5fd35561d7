import { useLayoutEffect, useState } from "preact/hooks";
import { Dataset } from "../data/dataset";
import { asPageError, type PageError } from "../data/errors";
import type { Route } from "../data/open";
import { isThere, type Opening } from "../data/opening";
import { mark } from "../parts/probe";
import type { Source } from "../data/source";
import { arraysOf, firstView, Session, SessionProvider } from "../state";
import { findSaved, restored } from "../state/address";
import { useAddress } from "./address";
import { ComparePage } from "../views/compare/ComparePage";
import { RunsPage } from "../views/runs/RunsPage";
import { Problem } from "./Problem";
import { Shell } from "./Shell";
import { SourceProvider } from "./source";

/** The page that the address asks for. */
export function App({ source, route }: { source: Source; route: Route }) {
  return (
    <SourceProvider source={source}>
      {route.page === "runs" && <RunsPage />}
      {route.page === "compare" && <ComparePage />}
      {route.page === "run" && <RunPage source={source} epoch={route.epoch} />}
    </SourceProvider>
  );
}

function RunPage({ source, epoch }: { source: Source; epoch: number | undefined }) {
  const [session, setSession] = useState<Session | null>(null);
  const [problem, setProblem] = useState<PageError | null>(null);
  // Before the first paint: an effect after it would wait a frame or more to ask.
  useLayoutEffect(() => {
    const fail = (error: unknown) => setProblem(asPageError(error));
    source
      .explorer(undefined, epoch)
      .then(async (opening) => {
        mark("data");
        const session = await opened(opening, source);
        setSession(session);
        opening.whole.then(() => (session.isWhole.value = true)).catch(fail);
      })
      .catch(fail);
  }, [source, epoch]);
  useAddress(session);
  if (problem) return <Problem problem={problem} />;
  if (!session) return <p class="boot">Loading the analysis…</p>;
  return (
    <SessionProvider session={session}>
      <Shell />
    </SessionProvider>
  );
}

/** The session of a file, with the view of the address or of the saved copy. */
async function opened(opening: Opening, source: Source): Promise<Session> {
  const dataset = new Dataset(opening.payload);
  const view = findSaved();
  // Another view than the first may need any part of the file.
  if (view || !arraysOf(dataset.header, firstView(dataset)).every((ref) => isThere(opening, ref)))
    await opening.whole;
  if (!view) return new Session(dataset, source);
  const { state, camera } = restored(dataset, view);
  const session = new Session(dataset, source, state);
  if (camera) session.camera.value = camera;
  return session;
}
