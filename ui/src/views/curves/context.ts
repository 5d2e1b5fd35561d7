/** What the drawings of all views need: names, colors of splits, and the width there is. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { RefObject } from "preact";
import type { Column } from "../../data/columns";
import type { Dataset } from "../../data/dataset";
import { theme } from "../../parts/theme";
import { splitColor } from "../../scatter/palette";
import { useSession } from "../../state";
import { plain } from "../../parts/text";

/** The column behind a measure's name in a curve: `loss`, or a metric. */
export const columnOfMeasure = (dataset: Dataset, measure: string): Column | undefined =>
  dataset.column(measure) ?? dataset.columnOfField(measure) ?? dataset.column(`metric_${measure}`);

/** A measure's name for people. */
export const labelOfMeasure = (dataset: Dataset, measure: string): string =>
  // A share of samples is no column: it names itself.
  columnOfMeasure(dataset, measure)?.label ?? plain(measure);

/** A field's name for people. */
export const labelOfField = (dataset: Dataset, field: string): string =>
  (dataset.columnOfField(field) ?? dataset.column(field))?.label ?? plain(field);

/** An element's width in pixels, followed as it changes; `first` until it is there. */
export function useWidth(first: number): [RefObject<HTMLDivElement | null>, number] {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(first);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) =>
      setWidth(Math.max(120, Math.floor(entry!.contentRect.width))),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [box, width];
}

/** The color of a split, as everywhere on the page. */
export function useSplitColors(): (split: string) => string {
  const { dataset } = useSession();
  const column = dataset.column("split");
  const names = column?.kind === "category" ? column.categories : [];
  const shown = theme.value;
  return (split) => splitColor(split, names, shown);
}
