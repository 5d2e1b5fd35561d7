import type { Signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { whole } from "../parts/format";
import { IconButton } from "../parts/IconButton";
import { chooseTheme, theme } from "../parts/theme";
import { useSession } from "../state";
import { ProjectionChoice } from "./ProjectionChoice";
import { Share } from "./Share";
import { useSource } from "./source";

/** The bar above all: which run, which projection, how many samples, undo, theme. */
export function TopBar({ rail, panel }: { rail: Signal<boolean>; panel: Signal<boolean> }) {
  const session = useSession();
  const source = useSource();
  const { header } = session.dataset;
  const runs = source.pageUrl("");
  return (
    <header class="top-bar">
      <IconButton icon="rail" label="Filters" pressed={rail.value} onClick={() => (rail.value = !rail.value)} />
      <h1 class="run-title">
        {runs ? (
          <a class="product" href={runs}>
            Latent
          </a>
        ) : (
          <span class="product">Latent</span>
        )}
        <span class="clip" title={header.run_id ?? undefined}>
          {header.run_name ?? header.run_id ?? "Samples"}
        </span>
      </h1>
      <ProjectionChoice />
      <span class="spring" />
      <Kept />
      <div class="bar-buttons">
        <IconButton icon="undo" label="Undo (Ctrl+Z)" disabled={!session.canUndo.value} onClick={() => session.undo()} />
        <IconButton icon="redo" label="Redo (Ctrl+Shift+Z)" disabled={!session.canRedo.value} onClick={() => session.redo()} />
      </div>
      <Share />
      <IconButton
        icon={theme.value === "dark" ? "sun" : "moon"}
        label={theme.value === "dark" ? "Light theme" : "Dark theme"}
        onClick={() => chooseTheme(theme.value === "dark" ? "light" : "dark")}
      />
      <IconButton icon="panel" label="Panel" pressed={panel.value} onClick={() => (panel.value = !panel.value)} />
    </header>
  );
}

/** "n of N samples", said aloud when it has settled. */
function Kept() {
  const session = useSession();
  const kept = session.keptCount.value;
  const said = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const { n } = session.dataset;
  return (
    <output class="kept" ref={(element) => announce(element, kept, n, said)}>
      <strong>{whole(kept)}</strong> of {whole(n)} samples
    </output>
  );
}

/** Milliseconds after which a changed count is said to a screen reader. */
const SAID_AFTER = 600;

function announce(
  element: HTMLElement | null,
  kept: number,
  n: number,
  timer: { current: ReturnType<typeof setTimeout> | undefined },
): void {
  clearTimeout(timer.current);
  if (!element) return;
  timer.current = setTimeout(() => {
    const live = document.getElementById("said");
    if (live) live.textContent = `${whole(kept)} of ${whole(n)} samples`;
  }, SAID_AFTER);
}

export { IconButton as BarButton } from "../parts/IconButton";
