export function Detail() {
  return <p class="empty">Not here yet.</p>;
}
