import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Icon } from "../../parts/Icon";
import { useSession, useView, type Session } from "../../state";
import { whole } from "../../parts/format";
import { Classes } from "./detail/Classes";
import { CopyButton } from "../../parts/CopyButton";
import { HeatMapsPart } from "./detail/HeatMapsPart";
import { LossHistory } from "./detail/LossHistory";
import { LargePicture } from "./detail/LargePicture";
import { Membership } from "./detail/Membership";
import { Neighbors } from "./detail/Neighbors";
import { Objects } from "./detail/Objects";
import { Trail } from "./detail/trail";
import { Values } from "./detail/Values";
import { hasPicture } from "../../parts/Picture";
import { sampleWords } from "./values";
import "./common.css";
import "./detail.css";

/** Everything of the pinned sample; nothing where none is pinned. */
export function Detail() {
  const session = useSession();
  const pinned = useView((view) => view.pinned);
  const trail = useMemo(() => new Trail(), [session]);
  useEffect(() => {
    if (pinned !== null) trail.visit(pinned);
  }, [pinned, trail]);
  if (pinned === null || pinned >= session.dataset.n) return null;
  return <DetailOf row={pinned} trail={trail} />;
}

function DetailOf({ row, trail }: { row: number; trail: Trail }) {
  const session = useSession();
  const { dataset } = session;
  const box = useRef<HTMLElement>(null);
  const close = useFocus(box, session);
  const isSettled = useSettled();
  useEffect(() => box.current?.scrollTo({ top: 0 }), [row]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") close();
    else return;
    event.stopPropagation();
  };
  const name = dataset.sampleId(row);
  return (
    <section
      class="detail"
      ref={box}
      tabIndex={-1}
      aria-label={`Sample ${sampleWords(dataset, row)}`}
      onKeyDown={onKeyDown}
    >
      <header class="detail-head">
        <Steps row={row} trail={trail} />
        <button
          type="button"
          class="icon-button"
          aria-label="Close the sample"
          title="Close (Escape)"
          onClick={close}
        >
          <Icon name="close" />
        </button>
      </header>
      <div class="detail-title">
        <h2 title={name}>{name.slice(0, 400)}</h2>
        <CopyButton text={name} what="the id" />
        {dataset.split(row) && <span class="tag">{dataset.split(row)}</span>}
      </div>
      <div class="detail-top">
        {hasPicture(session, row) && <LargePicture row={row} />}
        <Classes row={row} />
      </div>
      <HeatMapsPart row={row} />
      <Objects row={row} />
      <LossHistory row={row} />
      <Neighbors row={row} />
      <Membership row={row} />
      {isSettled && <Values row={row} />}
    </section>
  );
}

/** False until the first frame has been painted: what is under the fold may come after it. */
function useSettled(): boolean {
  const [isSettled, setSettled] = useState(false);
  useEffect(() => {
    const frame = requestAnimationFrame(() => setTimeout(() => setSettled(true)));
    return () => cancelAnimationFrame(frame);
  }, []);
  return isSettled;
}

/** Takes the focus where the detail was opened by key, and gives it back when it is closed. */
function useFocus(box: { current: HTMLElement | null }, session: Session): () => void {
  const opener = useRef<Element | null>(null);
  useEffect(() => {
    opener.current = document.activeElement;
    if (opener.current?.matches("[data-place]")) box.current?.focus({ preventScroll: true });
  }, []);
  return () => {
    session.update({ pinned: null });
    if (opener.current instanceof HTMLElement && opener.current.isConnected) opener.current.focus();
  };
}

/** Back and forward over what was looked at; previous and next in the selection. */
function Steps({ row, trail }: { row: number; trail: Trail }) {
  const session = useSession();
  const { rows: seen, at } = trail.current.value;
  const kept = session.keptRows.value;
  const place = useMemo(() => kept.indexOf(row), [kept, row]);
  const walk = (step: -1 | 1) => (): void => {
    const to = trail.go(step);
    if (to !== undefined) session.update({ pinned: to }, { undoable: false });
  };
  const step = (by: -1 | 1) => (): void =>
    session.update({ pinned: kept[place + by]! }, { gesture: "step" });
  const where =
    place < 0 ? "not in the selection" : `${whole(place + 1)} of ${whole(kept.length)} selected`;
  return (
    <nav class="steps" aria-label="Samples">
      <button
        type="button"
        class="icon-button"
        aria-label="Back to the sample before"
        disabled={at <= 0}
        onClick={walk(-1)}
      >
        ←
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label="Forward"
        disabled={at >= seen.length - 1}
        onClick={walk(1)}
      >
        →
      </button>
      <span class="steps-place">
        <button
          type="button"
          class="icon-button"
          aria-label="Previous in the selection"
          disabled={place <= 0}
          onClick={step(-1)}
        >
          ‹
        </button>
        <span aria-live="polite">{where}</span>
        <button
          type="button"
          class="icon-button"
          aria-label="Next in the selection"
          disabled={place < 0 || place >= kept.length - 1}
          onClick={step(1)}
        >
          ›
        </button>
      </span>
    </nav>
  );
}
