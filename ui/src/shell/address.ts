import { effect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Session } from "../state";
import { hashOf } from "../state/address";

/** Milliseconds of quiet after which the address follows the view. */
const QUIET = 400;

/** Keep the view in the address: reloading the page, or handing the address on, shows it again. */
export function useAddress(session: Session | null): void {
  useEffect(() => {
    if (!session || session.source.kind === "file") return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const write = () => {
      const { hash } = hashOf(session);
      if (location.hash === hash) return;
      history.replaceState(null, "", hash || location.pathname + location.search);
    };
    const end = effect(() => {
      session.state.value;
      session.camera.value;
      clearTimeout(timer);
      timer = setTimeout(write, QUIET);
    });
    return () => {
      clearTimeout(timer);
      end();
    };
  }, [session]);
}
