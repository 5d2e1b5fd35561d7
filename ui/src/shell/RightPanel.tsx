import { useRef, useState } from "preact/hooks";
import { useSession, useView, type Tab } from "../state";
import { CurvesTab } from "../views/curves/CurvesTab";
import { InsightsTab } from "../views/insights/InsightsTab";
import { Detail } from "../views/samples/Detail";
import { SamplesTab } from "../views/samples/SamplesTab";
import { SelectionTab } from "../views/selection/SelectionTab";

const TABS: readonly (readonly [Tab, string, () => preact.ComponentChild])[] = [
  ["insights", "Insights", () => <InsightsTab />],
  ["samples", "Samples", () => <SamplesTab />],
  ["curves", "Curves", () => <CurvesTab />],
  ["selection", "Selection", () => <SelectionTab />],
];
const NARROWEST = 300;
const FIRST_WIDTH = 420;
const KEY_STEP = 24;

/**
 * The panel on the right: tabs, and over them the detail of the pinned sample.
 *
 * @param empty whether to leave the tabs without content, while the page opens.
 */
export function RightPanel({ empty }: { empty: boolean }) {
  const session = useSession();
  const tab = useView((view) => view.tab);
  const pinned = useView((view) => view.pinned);
  const [width, setWidth] = useState(FIRST_WIDTH);
  const list = useRef<HTMLDivElement>(null);
  const choose = (next: Tab) => session.update({ tab: next, pinned: null }, { undoable: false });
  const step = (by: number) => {
    const place = TABS.findIndex(([name]) => name === tab);
    const next = (place + by + TABS.length) % TABS.length;
    choose(TABS[next]![0]);
    list.current?.querySelectorAll("button")[next]?.focus();
  };
  return (
    <aside class="panel" style={{ width: `${width}px` }} aria-label="Findings and samples">
      <Resizer width={width} onWidth={setWidth} />
      <div
        ref={list}
        class="tabs"
        role="tablist"
        aria-label="Findings and samples"
        onKeyDown={(event) => {
          if (event.key === "ArrowRight") step(1);
          if (event.key === "ArrowLeft") step(-1);
        }}
      >
        {TABS.map(([name, label]) => (
          <button
            key={name}
            id={`tab-${name}`}
            class="tab"
            role="tab"
            aria-selected={tab === name}
            aria-controls="tab-panel"
            tabIndex={tab === name ? 0 : -1}
            onClick={() => choose(name)}
          >
            {label}
          </button>
        ))}
      </div>
      <div id="tab-panel" class="tab-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} tabIndex={-1}>
        {!empty && TABS.find(([name]) => name === tab)?.[2]()}
      </div>
      {pinned !== null && !empty && (
        <div class="detail-layer">
          <Detail />
        </div>
      )}
    </aside>
  );
}

/** The panel's left edge, to be dragged. */
function Resizer({ width, onWidth }: { width: number; onWidth: (width: number) => void }) {
  const limit = (value: number) => Math.max(NARROWEST, Math.min(innerWidth * 0.6, value));
  return (
    <div
      class="resizer"
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the panel"
      aria-valuenow={Math.round(width)}
      aria-valuemin={NARROWEST}
      aria-valuemax={Math.round(innerWidth * 0.6)}
      tabIndex={0}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) onWidth(limit(innerWidth - event.clientX));
      }}
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft") onWidth(limit(width + KEY_STEP));
        if (event.key === "ArrowRight") onWidth(limit(width - KEY_STEP));
      }}
    />
  );
}
