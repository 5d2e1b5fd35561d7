import { computed, signal, type ReadonlySignal } from "@preact/signals";

/** Light or dark. */
export type Theme = "light" | "dark";

const KEPT_AS = "latent-theme";
const asked = matchMedia("(prefers-color-scheme: dark)");
const system = signal<Theme>(asked.matches ? "dark" : "light");
const chosen = signal<Theme | null>(kept());

asked.addEventListener("change", () => (system.value = asked.matches ? "dark" : "light"));

/** The theme of the page: the one chosen, else the system's. */
export const theme: ReadonlySignal<Theme> = computed(() => chosen.value ?? system.value);

/** Choose a theme, kept where the browser lets the page keep things. */
export function chooseTheme(value: Theme): void {
  chosen.value = value;
  try {
    localStorage.setItem(KEPT_AS, value);
  } catch {
    // A sandboxed page may keep nothing: the choice holds while the page is open.
  }
}

/** Write the theme to the page's root, now and whenever it changes; returns the end of that. */
export function followTheme(): () => void {
  return theme.subscribe((value) => (document.documentElement.dataset.theme = value));
}

function kept(): Theme | null {
  try {
    const value = localStorage.getItem(KEPT_AS);
    return value === "light" || value === "dark" ? value : null;
  } catch {
    return null;
  }
}
