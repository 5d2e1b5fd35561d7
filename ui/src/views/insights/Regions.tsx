import { useState } from "preact/hooks";
import type { RegionHeader } from "../../payload";
import { filterKey, useSession, useView, type Session } from "../../state";
import { hasPicture, Picture } from "../../parts/Picture";
import { count, number, percent, whole } from "../../parts/format";
import { plain } from "../../parts/text";

const FIRST_SHOWN = 12;
const TYPICAL = 3;
const PICTURE = 26;

type Order = "loss" | "n";

/** The regions of the latent space, by loss or by size; a click shows one's samples. */
export function Regions() {
  const { dataset } = useSession();
  const { regions, tested_split: tested } = dataset.header;
  const levels = [...new Set(regions.map((region) => region.level))];
  const [level, setLevel] = useState(levels[0]);
  const [order, setOrder] = useState<Order>("loss");
  const [shown, setShown] = useState(FIRST_SHOWN);
  if (!regions.length) return null;
  const lossOf = (region: RegionHeader): number =>
    tested === null ? NaN : (region.mean_loss[tested] ?? NaN);
  const sorted = regions
    .filter((region) => region.level === level)
    .sort((a, b) => (order === "n" ? b.n - a.n : (lossOf(b) || 0) - (lossOf(a) || 0)));
  return (
    <details class="regions">
      <summary>{`${count(regions.length, "region")} of the latent space`}</summary>
      <div class="region-options">
        <div class="choice" role="group" aria-label="Granularity">
          {levels.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={level === one}
              onClick={() => setLevel(one)}
            >
              {one}
            </button>
          ))}
        </div>
        <div class="choice" role="group" aria-label="Order of the regions">
          <button
            type="button"
            aria-pressed={order === "loss"}
            onClick={() => setOrder("loss")}
          >{`loss${tested ? ` in ${tested}` : ""}`}</button>
          <button type="button" aria-pressed={order === "n"} onClick={() => setOrder("n")}>
            size
          </button>
        </div>
      </div>
      <ul>
        {sorted.slice(0, shown).map((region) => (
          <RegionLine key={region.id} region={region} loss={lossOf(region)} />
        ))}
      </ul>
      {sorted.length > shown && (
        <button
          type="button"
          class="quiet"
          onClick={() => setShown(shown + FIRST_SHOWN)}
        >{`Show more of ${count(sorted.length, "region")}`}</button>
      )}
    </details>
  );
}

function RegionLine({ region, loss }: { region: RegionHeader; loss: number }) {
  const session = useSession();
  const filters = useView((view) => view.filters);
  const column = `cluster_${region.level}`;
  const isKept = filters.some(
    (filter) =>
      filter.type === "categories" &&
      filter.column === column &&
      filter.categories.length === 1 &&
      filter.categories[0] === region.id,
  );
  return (
    <li class={isKept ? "is-selected" : ""}>
      <button
        type="button"
        aria-pressed={isKept}
        onClick={() => keep(session, region, column, isKept)}
      >
        <span class="region-pictures">
          {region.typical
            .filter((row) => hasPicture(session, row))
            .slice(0, TYPICAL)
            .map((row) => (
              <Picture key={row} row={row} size={PICTURE} overlays={false} />
            ))}
        </span>
        <span class="region-name">
          <b>{region.id}</b>
          <small>{inWords(region)}</small>
        </span>
        <span class="region-loss">
          {Number.isFinite(loss) && (
            <>
              <b>{number(loss)}</b>
              <small>mean loss</small>
            </>
          )}
        </span>
      </button>
    </li>
  );
}

function keep(session: Session, region: RegionHeader, column: string, isKept: boolean): void {
  const filter = { type: "categories" as const, column, categories: [region.id] };
  if (isKept) session.removeFilter(filterKey(filter));
  else session.addFilter(filter);
}

function inWords(region: RegionHeader): string {
  const splits = Object.entries(region.counts)
    .filter(([, n]) => n > 0)
    .map(([split, n]) => `${whole(n)} ${split}`)
    .join(", ");
  const main =
    region.main_class === null
      ? ""
      : ` · ${percent(region.main_class_share)} ${plain(region.main_class)}`;
  return `${splits}${main} · stability ${number(region.stability)}`;
}
