import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** What a scrolled box shows, in pixels. */
export interface Scrolled {
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A box that scrolls: where it is, and how large. */
export function useScroll(): [RefObject<HTMLDivElement | null>, Scrolled] {
  const box = useRef<HTMLDivElement>(null);
  const [scrolled, setScrolled] = useState<Scrolled>({ top: 0, width: 360, height: 600 });
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const read = (): void =>
      setScrolled({
        top: element.scrollTop,
        width: element.clientWidth,
        height: element.clientHeight,
      });
    const observer = new ResizeObserver(read);
    observer.observe(element);
    element.addEventListener("scroll", read, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", read);
    };
  }, []);
  return [box, scrolled];
}
