import { useState } from "preact/hooks";
import { PageError } from "../../data/errors";
import { useSession, useView } from "../../state";
import { count } from "../../parts/format";
import { unpackSet, type NamedSet, type NamedSets } from "./sets";

/** Keeps the current filters under a name. */
export function SaveSet({ sets }: { sets: NamedSets }) {
  const session = useSession();
  const filters = useView((view) => view.filters);
  const [name, setName] = useState("");
  const [state, setState] = useState<"idle" | "busy" | "failed">("idle");
  if (!sets.canWrite) return null;
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    setState("busy");
    const saved = await sets.save(name.trim(), filters, session.dataset);
    setState(saved ? "idle" : "failed");
    if (saved) setName("");
  };
  const replaces = sets.all.value.some((set) => set.name === name.trim());
  return (
    <form class="save-set" onSubmit={save}>
      <label>
        <span class="hidden-text">Name of the set</span>
        <input
          type="text"
          placeholder="Name this selection"
          maxLength={80}
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button" disabled={!name.trim() || state === "busy"}>
        {replaces ? "Replace" : "Save"}
      </button>
      {state === "failed" && (
        <p class="failure" role="alert">
          {sets.problem.value?.message}
        </p>
      )}
    </form>
  );
}

/** The sets that were kept with the run. */
export function SetList({ sets }: { sets: NamedSets }) {
  const all = sets.all.value;
  if (!sets.canWrite)
    return (
      <p class="note">
        A file cannot keep named sets: open the run on its MLflow server to save a selection. The
        file’s own address or export keeps the view.
      </p>
    );
  return (
    <section class="set-list" aria-label="Saved sets">
      <h4>Saved sets</h4>
      {all.length === 0 && (
        <p class="note">
          None yet. A saved selection is kept with the run, for everybody who opens it.
        </p>
      )}
      <ul>
        {all.map((set) => (
          <SetLine key={set.slug} set={set} sets={sets} />
        ))}
      </ul>
    </section>
  );
}

function SetLine({ set, sets }: { set: NamedSet; sets: NamedSets }) {
  const session = useSession();
  const [problem, setProblem] = useState<PageError | null>(null);
  const apply = (): void => {
    const filters = unpackSet(set, session.dataset);
    if (filters) session.update({ filters });
    setProblem(
      filters
        ? null
        : new PageError(
            "This set names columns or samples that this analysis does not have.",
            "Open the epoch that it was saved at.",
          ),
    );
  };
  return (
    <li>
      <button type="button" class="link" onClick={apply}>
        {set.name}
      </button>
      <small>{count(set.filters.length, "filter")}</small>
      <button
        type="button"
        class="quiet"
        aria-label={`Delete the set ${set.name}`}
        onClick={() => sets.remove(set)}
      >
        ✕
      </button>
      {problem && (
        <p class="failure" role="alert">
          {problem.message}
        </p>
      )}
    </li>
  );
}
