import { Icon } from "../../parts/Icon";
import { SessionProvider } from "../../state";
import { number, percent } from "../../parts/format";
import { Picture, hasPicture } from "../../parts/Picture";
import { numberOf, verdict } from "../samples/values";
import type { ComparedRun, Comparison } from "./runs";

const PICTURE = 84;

/** The pinned sample as each run saw it. */
export function SampleInRuns({
  comparison,
  pinned,
}: {
  comparison: Comparison;
  pinned: number | null;
}) {
  const { runs, joined } = comparison;
  const anywhere = runs.findIndex((run) => run.session.state.value.pinned !== null);
  if (pinned === null && anywhere < 0) return null;
  const place = pinned === null ? anywhere : 0;
  const row = runs[place]!.session.state.value.pinned!;
  const sample = joined.sampleOf[place]![row]!;
  const { dataset } = runs[place]!;
  const close = (): void => {
    for (const { session } of runs)
      if (session.state.peek().pinned !== null)
        session.update({ pinned: null }, { undoable: false });
  };
  return (
    <section class="in-runs" aria-label={`Sample ${dataset.sampleId(row)} in the runs`}>
      <div class="part-head">
        <h3 class="clip">{`${dataset.sampleId(row)} · ${dataset.split(row)}`}</h3>
        <button type="button" class="icon-button" aria-label="Close the sample" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <div class="in-runs-row">
        {runs[place] && (
          <SessionProvider session={runs[place]!.session}>
            {hasPicture(runs[place]!.session, row) && (
              <Picture row={row} size={PICTURE} label={`Thumbnail of ${dataset.sampleId(row)}`} />
            )}
          </SessionProvider>
        )}
        <table>
          <thead>
            <tr>
              <th scope="col">run</th>
              <th scope="col">target</th>
              <th scope="col">prediction</th>
              <th scope="col">loss</th>
            </tr>
          </thead>
          <tbody>
            {runs.map((run, i) => (
              <RunLine key={run.runId} run={run} row={joined.rowOf[i]![sample]!} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function RunLine({ run: { letter, dataset }, row }: { run: ComparedRun; row: number }) {
  if (row < 0)
    return (
      <tr>
        <th scope="row">{letter}</th>
        <td colSpan={3}>does not have it</td>
      </tr>
    );
  const { target, prediction, isWrong } = verdict(dataset, row);
  const loss = dataset.column("loss");
  const certainty = numberOf(dataset.column("certainty"), row);
  return (
    <tr>
      <th scope="row">{letter}</th>
      <td>{target ?? "–"}</td>
      <td class={isWrong ? "is-wrong" : ""}>
        {prediction ?? "–"}
        {Number.isFinite(certainty) && <small>{` ${percent(certainty)}`}</small>}
      </td>
      <td>{number(numberOf(loss, row))}</td>
    </tr>
  );
}
