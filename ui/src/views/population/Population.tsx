import { signal } from "@preact/signals";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Stage } from "../../scatter/stage";
import { useSession } from "../../state";
import { Chips } from "./Chips";
import { HoverCard } from "./HoverCard";
import { Legend, Sizes } from "./Legend";
import { Tools } from "./Tools";
import { Zoom } from "./Zoom";
import { useGestures } from "./gestures";

const HELP =
  "Map of the samples. Arrow keys move, plus and minus zoom, 0 shows all, L lassoes, B boxes, " +
  "V selects what is in view, Enter opens the sample under the pointer.";

/** Population exploration: the projected samples, what colors them, and what filters them. */
export function Population({ name = "Population exploration" }: { name?: string }) {
  const session = useSession();
  const canvas = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const pictures = useMemo(() => signal(true), []);
  const [stage, setStage] = useState<Stage | null>(null);
  useLayoutEffect(() => {
    const made = new Stage(session, canvas.current!, overlay.current!, pictures);
    setStage(made);
    return () => made.close();
  }, [session, pictures]);
  const gestures = useGestures(session, stage);
  const projected = session.dataset.header.projections.length > 0;
  return (
    <section class="population" aria-label={name}>
      <Tools />
      <div class="map" data-tool={session.tool.value}>
        <canvas ref={canvas} class="map-points" />
        <canvas
          ref={overlay}
          class="map-overlay"
          tabIndex={0}
          role="application"
          aria-label={HELP}
          {...gestures}
        />
        {!projected && <NoProjection />}
        <Chips />
        {projected && <Zoom pictures={pictures} />}
        {projected && <Sizes />}
        {stage && <HoverCard stage={stage} />}
      </div>
      {stage && <Legend stage={stage} />}
    </section>
  );
}

function NoProjection() {
  const { dataset } = useSession();
  return (
    <div class="map-empty">
      <h2>{dataset.n === 0 ? "This analysis has no samples" : "No projection"}</h2>
      <p>
        {dataset.n === 0
          ? "Nothing was captured in the epoch that was analyzed. Check that the callback sees the validation batches: mlflow-latent check SCRIPT."
          : dataset.n < 3
            ? "A map needs at least three samples with an embedding. Their values are in the panel on the right."
            : "The analysis was made without one. Filters, samples and insights work as ever; analyze again with a projection to see the map."}
      </p>
    </div>
  );
}
