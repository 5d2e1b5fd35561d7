/** Names and sentences of any length and origin, made fit for a line. */

/** A key as words: `low_performance` is `low performance`. */
export const plain = (name: string): string => name.replaceAll("_", " ").trim() || name;

/** With a capital letter first. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** One line of at most `limit` letters; what is cut shows as an ellipsis. */
export function shorten(text: string, limit: number): string {
  const line = text
    .slice(0, 4 * limit)
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
  const letters = Array.from(line);
  return letters.length > limit
    ? `${letters
        .slice(0, limit - 1)
        .join("")
        .trimEnd()}…`
    : line;
}

/** The same with the middle cut, as ids and paths differ at their ends. */
export function shortenMiddle(text: string, limit: number): string {
  const letters = Array.from(text.replace(/[\s\p{Cc}]+/gu, " "));
  if (letters.length <= limit) return letters.join("");
  const tail = Math.floor((limit - 1) / 2);
  return `${letters.slice(0, limit - 1 - tail).join("")}…${letters.slice(-tail).join("")}`;
}
