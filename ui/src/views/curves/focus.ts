import { signal } from "@preact/signals";
import type { Session } from "../../state";

/** Field whose curve is to come into view; the tab of curves takes it up and clears it. */
export const focusedField = signal<string | null>(null);

/** Open the tab of curves at the curve of a field. */
export function focusCurve(session: Session, field: string): void {
  focusedField.value = field;
  session.update({ tab: "curves", pinned: null });
}
