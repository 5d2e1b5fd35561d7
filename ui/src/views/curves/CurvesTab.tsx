export function CurvesTab() {
  return <p class="empty">Not here yet.</p>;
}
