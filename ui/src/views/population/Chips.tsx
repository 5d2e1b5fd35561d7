import { describeFilter } from "../../parts/describe";
import { Icon } from "../../parts/Icon";
import { filterKey, useSession, useView } from "../../state";

/** The active filters, each removable. */
export function Chips() {
  const session = useSession();
  const filters = useView((view) => view.filters);
  if (!filters.length) return null;
  return (
    <ul class="chips" aria-label="Active filters">
      {filters.map((filter) => {
        const { about, text } = describeFilter(filter, session.dataset);
        return (
          <li key={filterKey(filter)} class="chip">
            <span class="chip-about">{about}</span> <span class="chip-text">{text}</span>
            <button
              class="chip-remove"
              aria-label={`Remove the filter ${about}`}
              onClick={() => session.removeFilter(filter)}
            >
              <Icon name="close" size={12} />
            </button>
          </li>
        );
      })}
      {filters.length > 1 && (
        <li>
          <button class="quiet" onClick={() => session.clearFilters()}>
            Clear all
          </button>
        </li>
      )}
    </ul>
  );
}
