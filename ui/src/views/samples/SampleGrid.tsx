import { useEffect, useState } from "preact/hooks";
import { useSession, useView } from "../../state";
import { number } from "../../parts/format";
import { Picture } from "../../parts/Picture";
import { scrollTo, tilesAcross, windowOf } from "./scrolling";
import { useScroll } from "./useScroll";
import { numberOf, sampleWords, verdict, verdictText } from "./values";

const GAP = 8;
const CAPTION = 20;

/** The selection as thumbnails with classes and loss; only those on screen are in the page. */
export function SampleGrid({ tileSize }: { tileSize: number }) {
  const session = useSession();
  const rows = session.keptRows.value;
  const [box, scrolled] = useScroll();
  const [current, setCurrent] = useState(0);
  const { across, tile } = tilesAcross(scrolled.width - 2 * GAP, tileSize, GAP);
  const line = tile + CAPTION + GAP;
  const lines = Math.ceil(rows.length / across);
  const shown = windowOf(lines, line, scrolled.top, scrolled.height, 2);
  useEffect(() => void box.current?.scrollTo({ top: 0 }), [rows]);
  const move = (place: number): void => {
    if (place < 0 || place >= rows.length) return;
    setCurrent(place);
    const element = box.current!;
    element.scrollTop = scrollTo(
      Math.floor(place / across),
      lines,
      line,
      element.scrollTop,
      element.clientHeight,
    );
    requestAnimationFrame(() =>
      element.querySelector<HTMLElement>(`[data-place="${place}"]`)?.focus(),
    );
  };
  const places = range(shown.first * across, Math.min(shown.last * across, rows.length));
  return (
    <div class="grid-box" ref={box} onKeyDown={(event) => onArrows(event, current, across, move)}>
      <div
        class="grid-space"
        style={{ height: `${shown.height}px` }}
        role="list"
        aria-label="Samples of the selection"
      >
        {places.map((place) => (
          <GridTile
            key={place % (2 * across * Math.max(shown.last - shown.first, 1))}
            row={rows[place]!}
            place={place}
            among={rows.length}
            size={tile}
            isCurrent={place === Math.min(current, rows.length - 1)}
            x={GAP + (place % across) * (tile + GAP)}
            y={shown.top + (Math.floor(place / across) - shown.first) * line}
          />
        ))}
      </div>
    </div>
  );
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

function onArrows(
  event: KeyboardEvent,
  current: number,
  across: number,
  move: (place: number) => void,
): void {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  move(current + step);
}

interface TileProps {
  row: number;
  place: number;
  among: number;
  size: number;
  isCurrent: boolean;
  x: number;
  y: number;
}

function GridTile({ row, place, among, size, isCurrent, x, y }: TileProps) {
  const session = useSession();
  const { dataset } = session;
  const isPinned = useView((view) => view.pinned) === row;
  const found = verdict(dataset, row);
  const loss = numberOf(dataset.column("loss"), row);
  const side = Math.floor(size);
  return (
    <div
      class="grid-cell"
      role="listitem"
      aria-posinset={place + 1}
      aria-setsize={among}
      style={{ transform: `translate(${x}px, ${y}px)`, width: `${size}px` }}
    >
      <button
        type="button"
        class={`tile${found.isWrong ? " is-wrong" : ""}${isPinned ? " is-pinned" : ""}`}
        data-place={place}
        tabIndex={isCurrent ? 0 : -1}
        title={sampleWords(dataset, row)}
        onClick={() => session.update({ pinned: row })}
        onMouseEnter={() => (session.hovered.value = row)}
        onMouseLeave={() => (session.hovered.value = null)}
        onFocus={() => (session.hovered.value = row)}
        onBlur={() => (session.hovered.value = null)}
      >
        <Picture row={row} size={side} />
        <span class="hidden-text">{`${dataset.sampleId(row)}, ${dataset.split(row)}: `}</span>
        <span class="tile-caption">
          <span class="tile-class">{verdictText(found)}</span>
          {Number.isFinite(loss) && <span class="tile-loss">{number(loss)}</span>}
        </span>
      </button>
    </div>
  );
}
