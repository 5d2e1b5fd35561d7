import { createContext, type ComponentChildren } from "preact";
import { useContext } from "preact/hooks";
import type { Source } from "../data/source";

const SourceContext = createContext<Source | null>(null);

/** Gives the components below it where the page gets things from. */
export function SourceProvider(props: { source: Source; children: ComponentChildren }) {
  return <SourceContext.Provider value={props.source}>{props.children}</SourceContext.Provider>;
}

/** Where the page gets things from: the server, or the file that it is. */
export function useSource(): Source {
  const source = useContext(SourceContext);
  if (!source) throw new Error("useSource is called outside a SourceProvider");
  return source;
}
