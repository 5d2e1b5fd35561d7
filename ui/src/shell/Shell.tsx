import { signal } from "@preact/signals";
import { useEffect, useMemo, useState } from "preact/hooks";
import { whenComplete } from "../parts/probe";
import { useSession, useView } from "../state";
import { Filters } from "../views/filters/Filters";
import { Population } from "../views/population/Population";
import { useUndoKeys } from "./keys";
import { Notes } from "./Notes";
import { RightPanel } from "./RightPanel";
import { TopBar } from "./TopBar";

/** Width from which both side panels fit beside the map, in CSS pixels. */
const WIDE = 1000;

/** The page of one run: filters, the map, and what is known of the samples. */
export function Shell() {
  const session = useSession();
  const { dataset } = session;
  const isWhole = session.isWhole.value;
  const rail = useMemo(() => signal(innerWidth > WIDE), []);
  const panel = useMemo(() => signal(innerWidth > WIDE), []);
  const drawn = useDrawn();
  // A sample that is clicked on the map opens its detail, also where the panel is folded.
  const pinned = useView((view) => view.pinned !== null);
  useUndoKeys();
  useEffect(() => {
    document.title = `${dataset.header.run_name ?? "Latent"} · Latent`;
  }, [dataset]);
  return (
    <div class="shell" data-rail={rail.value} data-panel={panel.value}>
      <TopBar rail={rail} panel={panel} />
      <Notes />
      <div id="said" class="hidden-text" role="status" />
      <div class="shell-body">
        {rail.value && (
          <aside class="rail" aria-label="Fields" inert={!isWhole}>
            <Filters />
          </aside>
        )}
        <main class="centre">
          <Population />
        </main>
        {(panel.value || pinned) && <RightPanel empty={!drawn || !isWhole} />}
      </div>
    </div>
  );
}

/** Milliseconds after which the rest of the page no longer waits for the map. */
const PATIENCE = 1500;

/** Whether the map has been drawn once: what is not seen at a glance waits for that. */
function useDrawn(): boolean {
  const [drawn, setDrawn] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setDrawn(true), PATIENCE);
    void whenComplete.then(() => setDrawn(true));
    return () => clearTimeout(timer);
  }, []);
  return drawn;
}
