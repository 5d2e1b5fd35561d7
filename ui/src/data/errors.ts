/** An error whose text is meant for the person before the page: what is wrong, and what mends it. */
export class PageError extends Error {
  /**
   * @param title what is wrong, in one line.
   * @param mend what to do about it.
   */
  constructor(
    readonly title: string,
    readonly mend: string,
  ) {
    super(`${title} ${mend}`);
    this.name = "PageError";
  }
}

/** The error as one for people: an unforeseen one says so. */
export function asPageError(error: unknown): PageError {
  if (error instanceof PageError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new PageError("The page failed.", `Reload it; if it fails again, report this: ${text}`);
}
