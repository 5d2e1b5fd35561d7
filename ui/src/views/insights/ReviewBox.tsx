import { useEffect, useState } from "preact/hooks";
import { LONGEST_COMMENT, type Review, type Reviews } from "./reviews";

interface ReviewProps {
  insightKey: string;
  review: Review | undefined;
  reviews: Reviews;
}

/** Approve or archive an insight, with a comment; kept as a tag of the run. */
export function ReviewBox({ insightKey, review, reviews }: ReviewProps) {
  const [comment, setComment] = useState(review?.comment ?? "");
  // The run's tags may come after the card was opened.
  useEffect(() => setComment(review?.comment ?? ""), [review]);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  if (!reviews.canWrite)
    return (
      <p class="note">
        A file cannot keep reviews: open the run on its MLflow server to approve or archive this.
      </p>
    );
  const set = async (next: Review | null): Promise<void> => {
    setBusy(true);
    setFailed(!(await reviews.set(insightKey, next)));
    setBusy(false);
  };
  const toggle = (status: Review["status"]) => (): Promise<void> =>
    set(review?.status === status && review.comment === comment ? null : { status, comment });
  return (
    <div class="review">
      <label>
        <span class="hidden-text">Comment for the review</span>
        <input
          type="text"
          placeholder="Comment for whoever comes next"
          maxLength={LONGEST_COMMENT}
          value={comment}
          onInput={(event) => setComment(event.currentTarget.value)}
        />
      </label>
      <button
        type="button"
        class="button"
        disabled={busy}
        aria-pressed={review?.status === "approved"}
        onClick={toggle("approved")}
      >
        Approve
      </button>
      <button
        type="button"
        class="button"
        disabled={busy}
        aria-pressed={review?.status === "archived"}
        onClick={toggle("archived")}
      >
        Archive
      </button>
      {failed && (
        <p class="failure" role="alert">
          {reviews.problem.value?.message}
        </p>
      )}
    </div>
  );
}
