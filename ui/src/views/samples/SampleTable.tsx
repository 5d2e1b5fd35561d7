import { useEffect, useState } from "preact/hooks";
import type { Column } from "../../data/columns";
import { useSession, useView } from "../../state";
import { hasPicture, Picture } from "../../parts/Picture";
import { scrollTo, windowOf } from "./scrolling";
import { tableColumns } from "./tableColumns";
import { useScroll } from "./useScroll";
import { valueText } from "../../parts/format";

const LINE = 28;
const HEAD = 30;
const PICTURE = 24;

/** The selection as a table; only the rows on screen are in the page. */
export function SampleTable() {
  const session = useSession();
  const { dataset } = session;
  const rows = session.keptRows.value;
  const chosen = useView((view) => view.tableColumns);
  const columns = tableColumns(dataset, chosen);
  const [box, scrolled] = useScroll();
  const [current, setCurrent] = useState(0);
  const view = Math.max(scrolled.height - HEAD, LINE);
  const shown = windowOf(rows.length, LINE, scrolled.top, view);
  const withPictures = dataset.header.thumbnails !== null;
  useEffect(() => void box.current?.scrollTo({ top: 0 }), [rows]);
  const layout = layoutOf(columns, withPictures ? PICTURE + 10 : 0);
  const move = (place: number): void => {
    if (place < 0 || place >= rows.length) return;
    setCurrent(place);
    const element = box.current!;
    element.scrollTop = scrollTo(
      place,
      rows.length,
      LINE,
      element.scrollTop,
      element.clientHeight - HEAD,
    );
    requestAnimationFrame(() =>
      element.querySelector<HTMLElement>(`[data-place="${place}"]`)?.focus(),
    );
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const page = Math.floor(view / LINE);
    const step = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page }[event.key];
    const inRows = (event.target as HTMLElement).dataset["place"] !== undefined;
    if (!inRows) return;
    if (step !== undefined) move(Math.min(Math.max(current + step, 0), rows.length - 1));
    else if (event.key === "Enter" || event.key === " ") session.update({ pinned: rows[current]! });
    else return;
    event.preventDefault();
  };
  return (
    <div
      class="table-box"
      ref={box}
      role="grid"
      aria-label="Samples of the selection"
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length}
      onKeyDown={onKeyDown}
    >
      <div
        class="table-line table-head"
        role="row"
        aria-rowindex={1}
        style={layout}
      >
        {withPictures && (
          <span role="columnheader">
            <span class="hidden-text">Picture</span>
          </span>
        )}
        {columns.map((column) => (
          <HeadCell key={column.name} column={column} />
        ))}
      </div>
      <div class="table-space" role="rowgroup" style={{ height: `${shown.height}px` }}>
        {Array.from({ length: shown.last - shown.first }, (_, i) => shown.first + i).map(
          (place) => (
            <TableRow
              key={place}
              row={rows[place]!}
              place={place}
              y={shown.top + (place - shown.first) * LINE}
              columns={columns}
              layout={layout}
              withPictures={withPictures}
              isCurrent={place === Math.min(current, rows.length - 1)}
              onOpen={() => setCurrent(place)}
            />
          ),
        )}
      </div>
    </div>
  );
}

/** Of a column, by its kind: the least width in pixels, and the share of what is left. */
const WIDTHS = { number: [68, 1], category: [64, 1], text: [96, 1.6] } as const;

type Layout = { gridTemplateColumns: string; minWidth: string };

/** Each line is a grid of its own: widths that do not depend on content keep them in columns. */
function layoutOf(columns: readonly Column[], picture: number): Layout {
  const widths = columns.map((column) => WIDTHS[column.kind]);
  const tracks = widths.map(([least, share]) => `minmax(${least}px, ${share}fr)`);
  const total = widths.reduce((sum, [least]) => sum + least, picture);
  return {
    gridTemplateColumns: [...(picture ? [`${picture}px`] : []), ...tracks].join(" "),
    minWidth: `${total}px`,
  };
}

/** A column's name; a click sorts by it, another the other way. */
function HeadCell({ column }: { column: Column }) {
  const session = useSession();
  const sort = useView((view) => view.sort);
  const isSorted = sort?.column === column.name;
  const direction = !isSorted ? "none" : sort.descending ? "descending" : "ascending";
  const onClick = (): void => {
    const descending = isSorted ? !sort.descending : column.kind === "number";
    session.update({ sort: { column: column.name, descending } });
  };
  return (
    <span
      role="columnheader"
      aria-sort={direction}
      class={column.kind === "number" ? "is-number" : ""}
    >
      <button type="button" title={column.description || column.label} onClick={onClick}>
        <span>{column.label}</span>
        <i aria-hidden="true">{!isSorted ? "" : sort.descending ? "↓" : "↑"}</i>
      </button>
    </span>
  );
}

interface RowProps {
  row: number;
  place: number;
  y: number;
  columns: readonly Column[];
  layout: Layout;
  withPictures: boolean;
  isCurrent: boolean;
  onOpen: () => void;
}

function TableRow({ row, place, y, columns, layout, withPictures, isCurrent, onOpen }: RowProps) {
  const session = useSession();
  const isPinned = useView((view) => view.pinned) === row;
  const open = (): void => {
    onOpen();
    session.update({ pinned: row });
  };
  return (
    <div
      class={`table-line${isPinned ? " is-pinned" : ""}`}
      role="row"
      aria-rowindex={place + 2}
      aria-selected={isPinned}
      data-place={place}
      tabIndex={isCurrent ? 0 : -1}
      style={{ ...layout, transform: `translateY(${y}px)` }}
      onClick={open}
      onMouseEnter={() => (session.hovered.value = row)}
      onMouseLeave={() => (session.hovered.value = null)}
    >
      {withPictures && (
        <span role="gridcell">
          {hasPicture(session, row) && <Picture row={row} size={PICTURE} overlays={false} />}
        </span>
      )}
      {columns.map((column) => {
        const text = valueText(column, row);
        const wrong = column.name === "correct" && text === "wrong";
        return (
          <span
            key={column.name}
            role="gridcell"
            title={text.length > 12 ? text.slice(0, 500) : undefined}
            class={`${column.kind === "number" ? "is-number" : ""}${wrong ? " is-wrong" : ""}`}
          >
            {text.slice(0, 200)}
          </span>
        );
      })}
    </div>
  );
}
