export function InsightsTab() {
  return <p class="empty">Not here yet.</p>;
}
