import { useState } from "preact/hooks";
import { whole } from "../parts/format";
import { useSession } from "../state";

/** Rows that the analysis could not use: said before anything else is read. */
export function Notes() {
  const { dropped } = useSession().dataset.header;
  const [open, setOpen] = useState(true);
  if (!dropped.length || !open) return null;
  return (
    <div class="notes" role="note">
      <ul>
        {dropped.map(({ count: rows, split, reason }) => (
          <li key={`${split} ${reason}`}>
            {whole(rows)} samples of {split} are left out: {reason}
          </li>
        ))}
      </ul>
      <button class="quiet" onClick={() => setOpen(false)}>
        Hide
      </button>
    </div>
  );
}
