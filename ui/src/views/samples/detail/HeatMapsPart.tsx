import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { asPageError } from "../../../data/errors";
import { HeatMaps, isFaithful, type HeatMap } from "../../../data/heatmaps";
import { number, percent } from "../../../parts/format";
import { Picture } from "../../../parts/Picture";
import { capital, shorten } from "../../../parts/text";
import { useSession, type Session } from "../../../state";
import { heatColors } from "./heat";

const LARGE = 208;
const SMALL = 76;
const NAME_LENGTH = 80;

/** How maps are looked at, and which kind was looked at last: kept from sample to sample. */
const opacity = signal(0.75);
const wanted = signal<HeatMap | null>(null);

/** Where in its picture the model saw what; nothing where no maps were made. */
export function HeatMapsPart({ row }: { row: number }) {
  const session = useSession();
  const { maps, problem } = useMaps(session, row);
  if (problem)
    return (
      <p class="failure" role="alert">
        {problem}
      </p>
    );
  if (!maps?.length) return null;
  const shown = like(maps, wanted.value);
  return (
    <section class="detail-part heat" aria-label="What the model looks at">
      <h3>What the model looks at</h3>
      <Choice maps={maps} shown={shown} />
      <div class="heat-top">
        <HeatPicture row={row} map={shown} size={LARGE} />
        <div class="heat-words">
          <Opacity />
          <p>{capital(shown.kind.meaning)}</p>
          <Faithfulness map={shown} />
        </div>
      </div>
      {maps.length > 1 && <Strip row={row} maps={maps} shown={shown} />}
    </section>
  );
}

/** Of a sample's maps the one that is most like another sample's: of that kind and target, or of that kind. */
function like(maps: readonly HeatMap[], other: HeatMap | null): HeatMap {
  const ofKind = maps.filter((map) => map.kind.label === other?.kind.label);
  return ofKind.find((map) => map.target === other!.target) ?? ofKind[0] ?? maps[0]!;
}

function titleOf({ kind, target }: HeatMap): string {
  return capital(shorten(target ? `${target}: ${kind.label}` : kind.label, NAME_LENGTH));
}

function Choice({ maps, shown }: { maps: readonly HeatMap[]; shown: HeatMap }) {
  return (
    <select
      class="select heat-choice"
      aria-label="Heat-map"
      value={String(maps.indexOf(shown))}
      onChange={(event) => (wanted.value = maps[Number(event.currentTarget.value)]!)}
    >
      {maps.map((map, place) => (
        <option key={place} value={String(place)}>
          {titleOf(map)}
        </option>
      ))}
    </select>
  );
}

function Opacity() {
  return (
    <label class="heat-opacity">
      <span>Opacity</span>
      <input
        type="range"
        min={0}
        max={1}
        step={0.05}
        value={opacity.value}
        aria-valuetext={percent(opacity.value)}
        onInput={(event) => (opacity.value = event.currentTarget.valueAsNumber)}
      />
    </label>
  );
}

/** How far to believe a map, in words. */
function Faithfulness({ map }: { map: HeatMap }) {
  const faithful = isFaithful(map);
  if (faithful === null)
    return <p class="note">It was not measured whether what it shows matters.</p>;
  const [mean, lower, upper] = map.advantage.map(number);
  const verb = map.kind.measured === "fall" ? "lowers" : "changes";
  return (
    <p class={faithful ? "note" : "note is-random"}>
      {!faithful && <b>No better than random. </b>}
      {`Masking its strongest tenth ${verb} ${map.kind.quantity} by ${mean} more than random tenths do (${percent(map.confidence)} interval ${lower} to ${upper}).`}
    </p>
  );
}

/** All maps of the sample side by side: layers and methods beside each other. */
function Strip({ row, maps, shown }: { row: number; maps: readonly HeatMap[]; shown: HeatMap }) {
  return (
    <ul class="heat-strip" aria-label="All heat-maps of the sample">
      {maps.map((map, place) => (
        <li key={place}>
          <button
            type="button"
            aria-pressed={map === shown}
            title={titleOf(map)}
            onClick={() => (wanted.value = map)}
          >
            <HeatPicture row={row} map={map} size={SMALL} />
            <span>{titleOf(map)}</span>
            {isFaithful(map) === false && <small>no better than random</small>}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** The sample's picture with a map over it. */
function HeatPicture({ row, map, size }: { row: number; map: HeatMap; size: number }) {
  const { dataset } = useSession();
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const pen = canvas.current!.getContext("2d")!;
    pen.putImageData(new ImageData(heatColors(map.codes), map.size, map.size), 0, 0);
  }, [map]);
  const side = { width: `${size}px`, height: `${size}px` };
  return (
    <span
      class="heat-picture"
      style={side}
      role="img"
      aria-label={`${titleOf(map)}, over ${dataset.sampleId(row)}`}
    >
      <Picture row={row} size={size} overlays={false} />
      <canvas ref={canvas} width={map.size} height={map.size} style={{ opacity: opacity.value }} />
    </span>
  );
}

const read = new WeakMap<Session, Map<string, Promise<HeatMaps | null>>>();

/** The maps of a split, asked for once. */
function mapsOf(session: Session, split: string): Promise<HeatMaps | null> {
  let bySplit = read.get(session);
  if (!bySplit) read.set(session, (bySplit = new Map()));
  let found = bySplit.get(split);
  if (!found) {
    const { epoch, run_id: runId } = session.dataset.header;
    found = session.source
      .heatmaps(split, epoch, runId ?? undefined)
      .then((bytes) => bytes && new HeatMaps(bytes));
    bySplit.set(split, found);
  }
  return found;
}

function useMaps(session: Session, row: number) {
  const [state, setState] = useState<{
    row: number;
    maps: HeatMap[] | null;
    problem: string | null;
  }>();
  useEffect(() => {
    let current = true;
    const { dataset } = session;
    const show = (maps: HeatMap[] | null, problem: string | null) =>
      current && setState({ row, maps, problem });
    mapsOf(session, dataset.split(row)).then(
      (maps) => show(maps?.of(dataset.sampleId(row)) ?? null, null),
      (error: unknown) => {
        const { title, mend } = asPageError(error);
        show(null, `${title} ${mend}`);
      },
    );
    return () => void (current = false);
  }, [session, row]);
  return state?.row === row ? state : { maps: null, problem: null };
}
