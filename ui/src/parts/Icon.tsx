/** Line drawings of 16 × 16. */
const PATHS = {
  pan: "M8 1.5v13M1.5 8h13M8 1.5 6 3.5M8 1.5l2 2M8 14.5l-2-2M8 14.5l2-2M1.5 8l2-2M1.5 8l2 2M14.5 8l-2-2M14.5 8l-2 2",
  lasso: "M8 2.5c3.6 0 6 1.7 6 4s-2.4 4-6 4c-.9 0-1.8-.1-2.5-.3M4 9.5C2.7 8.8 2 7.7 2 6.5c0-2.3 2.4-4 6-4M4.6 8.6a1.3 1.3 0 1 0 .1 0M4.5 11.2c.8.9.5 2.1-.8 2.8",
  box: "M2.5 2.5h2M7 2.5h2M11.5 2.5h2v2M13.5 7v2M13.5 11.5v2h-2M9 13.5H7M4.5 13.5h-2v-2M2.5 9V7M2.5 4.5v-2",
  fit: "M2 5.5V2h3.5M10.5 2H14v3.5M14 10.5V14h-3.5M5.5 14H2v-3.5",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  undo: "M5.5 3 2.5 6l3 3M2.5 6H10a3.5 3.5 0 0 1 0 7H6",
  redo: "M10.5 3l3 3-3 3M13.5 6H6a3.5 3.5 0 0 0 0 7h4",
  sun: "M8 5a3 3 0 1 0 .01 0M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9 13 13M13 3l-1.1 1.1M4.1 11.9 3 13",
  moon: "M13.5 9.5A5.8 5.8 0 0 1 6.5 2.5a5.8 5.8 0 1 0 7 7z",
  save: "M8 2v8M5 7.5 8 10.5l3-3M2.5 11.5v2h11v-2",
  link: "M6.5 9.5l3-3M7 4.5l1.3-1.3a2.9 2.9 0 0 1 4.1 4.1L11.5 8.5M9 11.5l-1.3 1.3a2.9 2.9 0 0 1-4.1-4.1L4.5 7.5",
  search: "M7 2.5a4.5 4.5 0 1 0 .01 0M10.3 10.3l3.2 3.2",
  play: "M5 3l8 5-8 5z",
  pause: "M5 3v10M11 3v10",
  picture: "M2 3h12v10H2zM2 11l3.5-3.5 3 3 2-2L14 12M10.5 5.5a.8.8 0 1 0 .01 0",
  chevron: "M6 4l4 4-4 4",
  left: "M10 4 6 8l4 4",
  filter: "M2 3h12L9.5 8.5V13l-3-1.5v-3z",
  panel: "M2 3h12v10H2zM10 3v10",
  rail: "M2 3h12v10H2zM6 3v10",
  check: "M3 8.5 6.5 12 13 4.5",
} as const;

/** Name of a drawing. */
export type IconName = keyof typeof PATHS;

/** A drawing beside or instead of a word; a button of only this needs an `aria-label`. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
