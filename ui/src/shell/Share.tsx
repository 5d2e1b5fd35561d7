import { useState } from "preact/hooks";
import { IconButton } from "../parts/IconButton";
import { useSession } from "../state";
import { addressOf, savedCopy } from "../state/address";
import { useSource } from "./source";

/** Milliseconds that a short answer stays. */
const SHOWN = 2500;

/** Hands the view on: as an address on a server, as a copy of the file elsewhere. */
export function Share() {
  const session = useSession();
  const source = useSource();
  const [answer, setAnswer] = useState("");
  const say = (text: string) => {
    setAnswer(text);
    setTimeout(() => setAnswer(""), SHOWN);
  };
  const copy = async () => {
    const { address, left } = addressOf(session);
    try {
      await navigator.clipboard.writeText(address);
      say(left.length ? "Copied, without the sets that are too long for an address" : "Address copied");
    } catch {
      say("The browser does not let the page copy: take the address from its bar");
    }
  };
  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([savedCopy(session)], { type: "text/html" }));
    link.download = `${session.dataset.header.run_name ?? "latent"}.html`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  return (
    <div class="share">
      {source.kind === "server" ? (
        <IconButton icon="link" label="Copy the address of this view" onClick={() => void copy()} />
      ) : (
        <IconButton icon="save" label="Save a copy of this page with its view" disabled={!session.isWhole.value} onClick={save} />
      )}
      <span class="share-answer" role="status">
        {answer}
      </span>
    </div>
  );
}
