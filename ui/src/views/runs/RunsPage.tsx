export function RunsPage() {
  return <p class="empty">Not here yet.</p>;
}
