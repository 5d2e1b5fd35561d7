import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../parts/Icon";
import type { ProjectionHeader } from "../payload";
import { useSession, useView } from "../state";
import { useSource } from "./source";

const NAMES: Readonly<Record<string, string>> = { umap: "UMAP", tsne: "t-SNE", pca: "PCA" };
/** Milliseconds that each epoch is shown while playing. */
const EACH = 1100;

/** Which projection is shown: method, layer, epoch; epochs of one layer can be played. */
export function ProjectionChoice() {
  const session = useSession();
  const { projections } = session.dataset.header;
  const shown = useView((view) => view.projection);
  const current = projections[shown];
  if (!current) return <AnalysisChoice />;
  const choose = (wanted: Partial<ProjectionHeader>) => {
    const place = best(projections, { ...current, ...wanted }, wanted);
    session.update({ projection: place });
  };
  const methods = distinct(projections.map((one) => one.method));
  const layers = distinct(projections.map((one) => one.layer));
  const steps = [...projections.entries()]
    .filter(([, one]) => one.method === current.method && one.layer === current.layer)
    .sort(([, a], [, b]) => (a.epoch ?? 0) - (b.epoch ?? 0));
  return (
    <div class="projection" role="group" aria-label="Projection" inert={!session.isWhole.value}>
      <Choice label="Projection" value={current.method} options={methods} name={(method) => NAMES[method] ?? method} onChange={(method) => choose({ method })} />
      {layers.length > 1 && (
        <Choice label="Layer" value={current.layer} options={layers} name={(layer) => layer ?? "unnamed"} onChange={(layer) => choose({ layer })} />
      )}
      {layers.length === 1 && layers[0] && <span class="fact">layer {layers[0]}</span>}
      {steps.length > 1 ? (
        <EpochSlider steps={steps} shown={shown} />
      ) : (
        <AnalysisChoice />
      )}
    </div>
  );
}

/** The epochs of one projection, as a slider that can be played. */
function EpochSlider({ steps, shown }: { steps: [number, ProjectionHeader][]; shown: number }) {
  const session = useSession();
  const [playing, setPlaying] = useState(false);
  const at = steps.findIndex(([place]) => place === shown);
  const go = (step: number) =>
    session.update({ projection: steps[step]![0] }, { gesture: "epoch" });
  const latest = useRef(go);
  latest.current = go;
  useEffect(() => {
    if (!playing) return;
    if (at === steps.length - 1) return setPlaying(false);
    const timer = setTimeout(() => latest.current(at + 1), EACH);
    return () => clearTimeout(timer);
  }, [playing, at, steps.length]);
  const start = () => {
    if (!playing && at === steps.length - 1) go(0);
    setPlaying(!playing);
  };
  const epoch = steps[at]?.[1].epoch;
  return (
    <div class="epochs">
      <button class="icon-button" aria-label={playing ? "Pause" : "Play the epochs"} title={playing ? "Pause" : "Play the epochs"} onClick={start}>
        <Icon name={playing ? "pause" : "play"} size={14} />
      </button>
      <label class="epoch-label">
        <span class="fact">epoch {epoch ?? "?"}</span>
        <input
          type="range"
          min={0}
          max={steps.length - 1}
          step={1}
          value={at}
          aria-label="Epoch of the projection"
          aria-valuetext={`epoch ${epoch ?? "unknown"}`}
          onInput={(event) => go(event.currentTarget.valueAsNumber)}
          onChange={() => session.endGesture()}
        />
      </label>
    </div>
  );
}

/** The epochs that were analyzed, where the server has several; another one is another page. */
function AnalysisChoice() {
  const source = useSource();
  const { header } = useSession().dataset;
  const [epochs, setEpochs] = useState<number[]>([]);
  useEffect(() => {
    source.epochs().then(setEpochs, () => setEpochs([]));
  }, [source]);
  if (header.epoch === null) return null;
  if (epochs.length < 2) return <span class="fact">epoch {header.epoch}</span>;
  return (
    <Choice
      label="Epoch"
      value={header.epoch}
      options={epochs}
      name={(epoch) => `epoch ${epoch}`}
      onChange={(epoch) => {
        location.search = `?epoch=${epoch}`;
      }}
    />
  );
}

function Choice<T extends string | number | null>(props: {
  label: string;
  value: T;
  options: readonly T[];
  name: (option: T) => string;
  onChange: (option: T) => void;
}) {
  const { options } = props;
  return (
    <label class="field">
      <span class="hidden-text">{props.label}</span>
      <select
        class="select"
        title={props.label}
        value={String(options.indexOf(props.value))}
        onChange={(event) => props.onChange(options[Number(event.currentTarget.value)]!)}
      >
        {options.map((option, place) => (
          <option key={place} value={String(place)}>
            {props.name(option)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The projection that agrees in most with what is wanted, first in what was just chosen. */
function best(
  projections: readonly ProjectionHeader[],
  whole: ProjectionHeader,
  chosen: Partial<ProjectionHeader>,
): number {
  const keys = ["method", "layer", "epoch"] as const;
  const score = (one: ProjectionHeader) =>
    keys.reduce((sum, key) => sum + (one[key] === whole[key] ? (key in chosen ? 10 : 1) : 0), 0);
  return projections.reduce((top, one, place) => (score(one) > score(projections[top]!) ? place : top), 0);
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
