export function SamplesTab() {
  return <p class="empty">Not here yet.</p>;
}
