export { SessionProvider, useSession, useView } from "./context";
export * from "./filters";
export { Session, type ChangeOptions, type Counts } from "./session";
export { firstView, type Camera, type Tab, type Tool, type ViewState } from "./view";
