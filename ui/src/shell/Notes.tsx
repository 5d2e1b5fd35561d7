import { useState } from "preact/hooks";
import { count } from "../parts/format";
import { useSession } from "../state";

/** What the reader should know before reading on: rows that were dropped, notes of the analysis. */
export function Notes() {
  const { header } = useSession().dataset;
  const [open, setOpen] = useState(true);
  const dropped = header.dropped.map(
    ({ count: rows, split, reason }) => `${count(rows)} samples of ${split} are left out: ${reason}`,
  );
  const notes = [...dropped, ...header.notes];
  if (!notes.length || !open) return null;
  return (
    <div class="notes" role="note">
      <ul>
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
      <button class="quiet" onClick={() => setOpen(false)}>
        Hide
      </button>
    </div>
  );
}
