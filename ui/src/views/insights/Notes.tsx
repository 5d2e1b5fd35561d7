import { useSession } from "../../state";
import { count, percent, whole } from "../../parts/format";
import { capital, plain, shorten } from "../../parts/text";

const TEXT_LENGTH = 600;

/** What was not looked for and why, what was left out, and how much was tested: folded at the end. */
export function Notes() {
  const { header } = useSession().dataset;
  const {
    not_applicable: notApplicable,
    dropped,
    notes,
    tests,
    error_budget: budget,
    confidence,
  } = header;
  const made = Object.values(tests).reduce((sum, n) => sum + n, 0);
  return (
    <details class="insight-notes">
      <summary>How this was found, and what was not</summary>
      <p>{`${count(made, "test")} over ${count(Object.keys(tests).length, "kind")} of insight. Where there is nothing to find, at most ${percent(budget)} of reports hold any insight. Intervals are at ${percent(confidence)}.`}</p>
      {notApplicable.length > 0 && (
        <>
          <h4>Not applicable here</h4>
          <dl>
            {notApplicable.map(({ kind, reason }) => (
              <div key={kind + reason}>
                <dt>{capital(plain(kind))}</dt>
                <dd>{shorten(reason, TEXT_LENGTH)}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
      {dropped.length > 0 && (
        <>
          <h4>Rows left out</h4>
          <ul>
            {dropped.map((one) => (
              <li
                key={one.split + one.reason}
                title={one.sample_ids.join(", ")}
              >{`${count(one.count, "row")} of ${one.split}: ${one.reason}`}</li>
            ))}
          </ul>
        </>
      )}
      {notes.length > 0 && (
        <>
          <h4>Notes</h4>
          <ul>
            {notes.map((note) => (
              <li key={note}>{shorten(note, TEXT_LENGTH)}</li>
            ))}
          </ul>
        </>
      )}
      <h4>Tests by kind</h4>
      <p>
        {Object.entries(tests)
          .map(([kind, n]) => `${plain(kind)} ${whole(n)}`)
          .join(", ")}
      </p>
    </details>
  );
}
