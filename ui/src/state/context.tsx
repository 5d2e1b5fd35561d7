import { createContext, type ComponentChildren } from "preact";
import { useContext, useMemo } from "preact/hooks";
import { computed } from "@preact/signals";
import type { Session } from "./session";
import type { ViewState } from "./view";

const SessionContext = createContext<Session | null>(null);

/** Gives the components below it their session. */
export function SessionProvider(props: { session: Session; children: ComponentChildren }) {
  return (
    <SessionContext.Provider value={props.session}>{props.children}</SessionContext.Provider>
  );
}

/** The session of the page. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("useSession is called outside a SessionProvider");
  return session;
}

/**
 * Part of the view; the component renders again only when that part changes, not at each change.
 *
 * @param part must be a plain reader of the view, e.g. `(view) => view.color`.
 */
export function useView<T>(part: (view: ViewState) => T): T {
  const session = useSession();
  return useMemo(() => computed(() => part(session.state.value)), [session]).value;
}
