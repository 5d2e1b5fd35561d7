export { SessionProvider, useSession, useView } from "./context";
export * from "./filters";
export type { Counts } from "./counting";
export { Session, type ChangeOptions } from "./session";
export { arraysOf, firstView, type Camera, type Tab, type Tool, type ViewState } from "./view";
