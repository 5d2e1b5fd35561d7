import { useSession } from "../../../state";
import { along, roundAxis } from "../../curves/geometry";
import { useWidth } from "../../curves/context";
import { number } from "../../../parts/format";
import { populationLosses, predictionHistory, type EpochLosses } from "./learning";

const HEIGHT = 96;
const BOX = { left: 40, right: 8, top: 8, bottom: 18 };
const HEADROOM = 1.6; // of the sample's own losses and the median; the band may be cut

/** A sample's loss over the epochs, on the band that half of its split lies in. */
export function LossHistory({ row }: { row: number }) {
  const { dataset } = useSession();
  const [box, width] = useWidth(360);
  const losses = dataset.lossHistory(row);
  const split = dataset.split(row);
  const population = populationLosses(dataset, split);
  if (losses.length < 2) return null;
  return (
    <section class="detail-part" aria-label="Loss over epochs">
      <h3>Loss over epochs</h3>
      <div ref={box}>
        <Drawing losses={losses} population={population} width={width} />
      </div>
      <p class="legend-line">
        <span>
          <i class="key-own" /> this sample
        </span>
        <span>
          <i class="key-median" />
          {` median of ${split}`}
        </span>
        <span>
          <i class="key-band" /> half of them
        </span>
      </p>
      <Predictions row={row} />
    </section>
  );
}

interface DrawingProps {
  losses: [number, number][];
  population: EpochLosses[];
  width: number;
}

function Drawing({ losses, population, width }: DrawingProps) {
  const own = losses.map(([, loss]) => loss).filter(Number.isFinite);
  const medians = population.map(({ median }) => median).filter(Number.isFinite);
  const highest = Math.max(...own, ...medians.map((median) => median * HEADROOM));
  const axis = roundAxis(Math.min(0, ...own), highest, 3);
  const [left, right, bottom] = [BOX.left, width - BOX.right, HEIGHT - BOX.bottom];
  const epochs = losses.map(([epoch]) => epoch);
  const [first, last] = [epochs[0]!, epochs.at(-1)!];
  const x = (epoch: number): number =>
    along({ low: first, high: last, ticks: [] }, epoch, left, right);
  const y = (loss: number): number => Math.max(BOX.top, along(axis, loss, bottom, BOX.top));
  const line = (points: [number, number][]): string =>
    points
      .filter(([, loss]) => Number.isFinite(loss))
      .map(([epoch, loss]) => `${x(epoch)},${y(loss)}`)
      .join(" ");
  const band = [
    ...population.map((one): [number, number] => [one.epoch, one.high]),
    ...population.map((one): [number, number] => [one.epoch, one.low]).reverse(),
  ];
  return (
    <svg
      class="history"
      width={width}
      height={HEIGHT}
      role="img"
      aria-label={inWords(losses, population)}
    >
      {axis.ticks.map((tick) => (
        <g key={tick} transform={`translate(0 ${y(tick)})`}>
          <line x1={left} x2={right} class="curve-grid" />
          <text x={left - 5} dy="0.32em" text-anchor="end">
            {number(tick)}
          </text>
        </g>
      ))}
      <polygon points={line(band)} class="history-band" />
      <polyline
        points={line(population.map((one) => [one.epoch, one.median]))}
        class="history-median"
      />
      <polyline points={line(losses)} class="history-own" />
      {losses.map(
        ([epoch, loss]) =>
          Number.isFinite(loss) && (
            <circle key={epoch} cx={x(epoch)} cy={y(loss)} r={2.4} class="history-point">
              <title>{`epoch ${epoch}: ${number(loss)}`}</title>
            </circle>
          ),
      )}
      <text x={left} y={HEIGHT - 4}>{`epoch ${first}`}</text>
      <text x={right} y={HEIGHT - 4} text-anchor="end">
        {last}
      </text>
    </svg>
  );
}

function inWords(losses: [number, number][], population: EpochLosses[]): string {
  const parts = losses.map(
    ([epoch, loss], i) =>
      `epoch ${epoch}: ${number(loss)}, median ${number(population[i]?.median)}`,
  );
  return `Loss over epochs. ${parts.join("; ")}`;
}

/** What the model took the sample for, epoch by epoch: a stripe per epoch. */
function Predictions({ row }: { row: number }) {
  const { dataset } = useSession();
  const predictions = predictionHistory(dataset, row);
  const target = dataset.category("target", row);
  if (!predictions.length || target === undefined) return null;
  const right = predictions.filter((one) => one === target).length;
  const epochs = dataset.header.history!.epochs;
  return (
    <div class="stripes-box">
      <div
        class="stripes"
        role="img"
        aria-label={`Right in ${right} of ${predictions.length} epochs: ${predictions.map((one, i) => `epoch ${epochs[i]} ${one ?? "unknown"}`).join(", ")}`}
      >
        {predictions.map((one, i) => (
          <i
            key={i}
            class={one === target ? "is-right" : "is-wrong"}
            title={`epoch ${epochs[i]}: ${one ?? "unknown"}`}
          />
        ))}
      </div>
      <small>{`right in ${right} of ${predictions.length} epochs`}</small>
    </div>
  );
}
