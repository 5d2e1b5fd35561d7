export function SelectionTab() {
  return <p class="empty">Not here yet.</p>;
}
