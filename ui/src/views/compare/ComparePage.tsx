export function ComparePage() {
  return <p class="empty">Not here yet.</p>;
}
