import { useState } from "preact/hooks";
import { bounds, number, whole } from "../../parts/format";
import { plain, shorten } from "../../parts/text";
import type { Change, ComparisonDocument } from "./document";

const FIRST_SHOWN = 8;
const NAME_LENGTH = 60;
/** Ways of grouping, in the order in which they are offered. */
const GROUPINGS: Readonly<Record<string, string>> = {
  category: "category",
  category_a: "category of the first",
  category_b: "category of the second",
  supercategory: "super-category",
  region_joint: "region of both spaces",
  region_a: "region of the first",
  region_b: "region of the second",
  metadata: "metadata",
};
/** Verdicts in words; what nobody can tell has none. */
const VERDICTS: Readonly<Record<string, string>> = {
  better: "better",
  worse: "worse",
  mostly_better: "mostly better",
  mostly_worse: "mostly worse",
  mixed: "mixed",
  too_few: "too few",
};

interface Props {
  readonly found: ComparisonDocument;
  /** of the run before and the run after. */
  readonly letters: readonly [string, string];
}

/** Changes by category, region or metadata, where they are largest first. */
export function ChangeTable({ found, letters: [before, after] }: Props) {
  const groupings = Object.keys(GROUPINGS).filter((name) =>
    found.changes.some((one) => one.grouping === name),
  );
  const [grouping, setGrouping] = useState(groupings[0]);
  const [measure, setMeasure] = useState(found.measures[0]);
  const [shown, setShown] = useState(FIRST_SHOWN);
  const rows = found.changes
    .filter(
      (one) =>
        one.grouping === grouping && one.measure === measure && one.split === found.testedSplit,
    )
    .sort((a, b) => weight(b) - weight(a));
  if (!groupings.length) return null;
  return (
    <>
      <div class="part-head">
        <h4>{`Where it changed, in ${found.testedSplit}`}</h4>
        <span class="pair-choice">
          <Select
            label="Measure"
            value={measure!}
            options={found.measures}
            name={plain}
            onChange={setMeasure}
          />
          <Select
            label="Grouped by"
            value={grouping!}
            options={groupings}
            name={(one) => `by ${GROUPINGS[one]}`}
            onChange={setGrouping}
          />
        </span>
      </div>
      <div class="table-scroll" tabIndex={0} role="region" aria-label="Change by group">
        <table>
          <thead>
            <tr>
              <th scope="col">group</th>
              <th scope="col">n</th>
              <th scope="col">{`${before} → ${after}`}</th>
              <th scope="col">change</th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shown).map((change) => (
              <tr key={`${change.field} ${change.group}`}>
                <th scope="row" class="clip" title={change.group}>
                  {shorten(nameOf(change), NAME_LENGTH) || "(empty)"}
                </th>
                <td>{whole(change.n)}</td>
                <td>{`${number(change.mean_a)} → ${number(change.mean_b)}`}</td>
                <td>
                  <Changed change={change} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length === 0 && <p class="note">Nothing of this was compared.</p>}
      {rows.length > shown && (
        <button type="button" class="quiet" onClick={() => setShown(rows.length)}>
          {`Show all ${whole(rows.length)}`}
        </button>
      )}
    </>
  );
}

const nameOf = ({ field, group }: Change): string =>
  field === null || field === undefined ? group : `${plain(field)}: ${group}`;

/** Changes that are certain before those that may be chance; the larger before the smaller. */
function weight({ difference, verdict }: Change): number {
  const isClear = verdict in VERDICTS && verdict !== "too_few";
  return (isClear ? 1e12 : 0) + Math.abs(difference ?? 0);
}

/** A change with its interval and verdict; pale where it may be chance. */
export function Changed({ change: { difference, interval, verdict } }: { change: Change }) {
  if (difference === null) return <span>–</span>;
  const said = VERDICTS[verdict];
  return (
    <span
      class={said ? "difference" : "difference is-unclear"}
      title={said ? undefined : "May be chance"}
    >
      <b>{number(difference)}</b> <small>{`(${bounds(interval)})${said ? ` ${said}` : ""}`}</small>
    </span>
  );
}

function Select(props: {
  label: string;
  value: string;
  options: readonly string[];
  name: (option: string) => string;
  onChange: (option: string) => void;
}) {
  if (props.options.length < 2) return null;
  return (
    <label>
      <span class="hidden-text">{props.label}</span>
      <select
        class="select"
        value={props.value}
        onChange={(event) => props.onChange(event.currentTarget.value)}
      >
        {props.options.map((option) => (
          <option key={option} value={option}>
            {props.name(option)}
          </option>
        ))}
      </select>
    </label>
  );
}
