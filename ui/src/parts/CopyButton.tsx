import { useState } from "preact/hooks";

const SAID_FOR = 1_600; // milliseconds

interface CopyProps {
  readonly text: string | (() => string);
  /** what is copied, in words. */
  readonly what: string;
  /** on the button; "Copy" by default. */
  readonly label?: string;
  readonly className?: string;
}

/** Copies a text; says whether it worked. */
export function CopyButton({ text, what, label, className = "quiet" }: CopyProps) {
  const [said, setSaid] = useState<string | null>(null);
  const copy = async (): Promise<void> => {
    setSaid(
      (await copyText(typeof text === "string" ? text : text())) ? "Copied" : "Not allowed here",
    );
    setTimeout(() => setSaid(null), SAID_FOR);
  };
  return (
    <button
      type="button"
      class={`${className} copy`}
      aria-label={label ? undefined : `Copy ${what}`}
      title={`Copy ${what}`}
      onClick={copy}
    >
      <span aria-live="polite">{said ?? label ?? "Copy"}</span>
    </button>
  );
}

/** Put a text on the clipboard; in a sandboxed frame only the old way works, if any. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByField(text);
  }
}

function copyByField(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "hidden-text";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}
