import { useSignal } from "@preact/signals";
import { useSession, useView } from "../../state";
import { ColumnChooser } from "./ColumnChooser";
import { SampleGrid } from "./SampleGrid";
import { SampleTable } from "./SampleTable";
import "./common.css";
import "./samples.css";

const SIZES = [56, 80, 112, 168] as const;
const FIRST_SIZE = 1;

/** Tab: the samples of the selection, as thumbnails or as a table. */
export function SamplesTab() {
  const session = useSession();
  const wanted = useView((view) => view.samplesMode);
  const { any: hasPictures } = session.thumbnails;
  const mode = hasPictures ? wanted : "table";
  const size = useSignal(FIRST_SIZE);
  const kept = session.keptCount.value;
  return (
    <section class="samples" aria-label="Samples">
      <div class="samples-options">
        {hasPictures ? (
          <Modes />
        ) : (
          <span class="note" title="The callback keeps them: LatentCapture(thumbnail=…)">
            no pictures captured
          </span>
        )}
        <SortChoice />
        {mode === "table" ? (
          <ColumnChooser />
        ) : (
          <SizeChoice size={size.value} onSize={(value) => (size.value = value)} />
        )}
      </div>
      {kept === 0 ? (
        <NothingKept />
      ) : mode === "table" ? (
        <SampleTable />
      ) : (
        <SampleGrid tileSize={SIZES[size.value]!} />
      )}
    </section>
  );
}

function NothingKept() {
  const session = useSession();
  const none = session.dataset.n === 0;
  return (
    <div class="empty">
      <p>{none ? "The analysis holds no samples." : "No sample passes all filters."}</p>
      {!none && (
        <button type="button" class="button" onClick={() => session.clearFilters()}>
          Remove all filters
        </button>
      )}
    </div>
  );
}

function Modes() {
  const session = useSession();
  const mode = useView((view) => view.samplesMode);
  return (
    <div class="choice" role="group" aria-label="How samples are shown">
      {(["grid", "table"] as const).map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={mode === one}
          onClick={() => session.update({ samplesMode: one }, { undoable: false })}
        >
          {one === "grid" ? "Grid" : "Table"}
        </button>
      ))}
    </div>
  );
}

function SortChoice() {
  const session = useSession();
  const sort = useView((view) => view.sort);
  const { columns } = session.dataset;
  const choose = (name: string): void => {
    const column = session.dataset.column(name);
    session.update({
      sort: column ? { column: name, descending: column.kind === "number" } : null,
    });
  };
  return (
    <div class="sort-choice">
      <label>
        <span>Sort by</span>
        <select
          class="select"
          value={sort?.column ?? ""}
          onChange={(event) => choose(event.currentTarget.value)}
        >
          <option value="">the order of the data</option>
          {columns.map((column) => (
            <option key={column.name} value={column.name}>
              {column.label}
            </option>
          ))}
        </select>
      </label>
      {sort && (
        <button
          type="button"
          class="quiet"
          aria-label={sort.descending ? "Descending; sort ascending" : "Ascending; sort descending"}
          onClick={() => session.update({ sort: { ...sort, descending: !sort.descending } })}
        >
          {sort.descending ? "↓" : "↑"}
        </button>
      )}
    </div>
  );
}

function SizeChoice({ size, onSize }: { size: number; onSize: (size: number) => void }) {
  return (
    <label class="size-choice">
      <span class="hidden-text">Size of the thumbnails</span>
      <input
        type="range"
        min={0}
        max={SIZES.length - 1}
        step={1}
        value={size}
        aria-valuetext={`${SIZES[size]} pixels`}
        onInput={(event) => onSize(Number(event.currentTarget.value))}
      />
    </label>
  );
}
