import { signal, type ReadonlySignal } from "@preact/signals";
import { asPageError, PageError } from "../../data/errors";
import type { Source } from "../../data/source";

/** What a person made of an insight. */
export interface Review {
  readonly status: "approved" | "archived";
  readonly comment: string;
}

const PREFIX = "latent.insight.";
/** MLflow refuses longer values of a tag. */
export const LONGEST_COMMENT = 4_000;

/** The reviews among a run's tags, by the insights' keys; a tag that is none is left out. */
export function reviewsOf(tags: Readonly<Record<string, string>>): Map<string, Review> {
  const reviews = new Map<string, Review>();
  for (const [name, value] of Object.entries(tags)) {
    const review = name.startsWith(PREFIX) ? parsed(value) : null;
    if (review) reviews.set(name.slice(PREFIX.length), review);
  }
  return reviews;
}

function parsed(value: string): Review | null {
  try {
    const { status, comment } = JSON.parse(value);
    if (status !== "approved" && status !== "archived") return null;
    return { status, comment: typeof comment === "string" ? comment : "" };
  } catch {
    return null;
  }
}

/** Reviews of one run's insights, kept as tags of the run. */
export class Reviews {
  private readonly known = signal<ReadonlyMap<string, Review>>(new Map());
  private readonly failure = signal<PageError | null>(null);
  readonly all: ReadonlySignal<ReadonlyMap<string, Review>> = this.known;
  /** What went wrong last; null if nothing did. */
  readonly problem: ReadonlySignal<PageError | null> = this.failure;

  /**
   * @param source where tags are.
   * @param runId run whose tags they are; undefined for the page's own.
   */
  constructor(
    private readonly source: Source,
    private readonly runId: string | undefined,
  ) {
    if (source.kind === "server") void this.read();
  }

  /** Whether reviews can be kept here. */
  get canWrite(): boolean {
    return this.source.canWrite;
  }

  /** Set a review, or take it back with null; the page shows it once MLflow has it. */
  async set(key: string, review: Review | null): Promise<boolean> {
    try {
      const value = review
        ? { ...review, comment: review.comment.slice(0, LONGEST_COMMENT) }
        : { status: "open" };
      await this.source.setTag(PREFIX + key, JSON.stringify(value), this.runId);
    } catch (error) {
      this.failure.value = asPageError(error);
      return false;
    }
    const next = new Map(this.known.peek());
    if (review) next.set(key, review);
    else next.delete(key);
    this.known.value = next;
    this.failure.value = null;
    return true;
  }

  private async read(): Promise<void> {
    try {
      this.known.value = reviewsOf(await this.source.tags(this.runId));
    } catch (error) {
      this.failure.value = asPageError(error);
    }
  }
}
