import { useSession } from "../../state";
import { CopyButton } from "../../parts/CopyButton";
import { download, selectionCsv } from "./export";

/** What can be done with the selected samples outside this page. */
export function SelectionActions() {
  const session = useSession();
  const { dataset } = session;
  const rows = session.keptRows.value;
  const ids = (): string => Array.from(rows, (row) => dataset.sampleId(row)).join("\n");
  const name =
    `${dataset.header.run_name ?? dataset.header.run_id ?? "samples"}-selection.csv`.replace(
      /[^\w.-]+/g,
      "_",
    );
  return (
    <div class="selection-actions">
      <button type="button" class="button" onClick={() => session.update({ tab: "samples" })}>
        See them
      </button>
      <CopyButton text={ids} what="the ids, one a line" label="Copy ids" className="button" />
      <button
        type="button"
        class="button"
        onClick={() => download(name, selectionCsv(dataset, rows), "text/csv;charset=utf-8")}
      >
        Export CSV
      </button>
    </div>
  );
}
