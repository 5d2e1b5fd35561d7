import { useMemo } from "preact/hooks";
import { movedBy, WHOLE, zoomedAt } from "../../scatter/camera";
import type { Stage } from "../../scatter/stage";
import type { Session } from "../../state";
import type { Point } from "../../state/filters";

/** Pointer moves of fewer CSS pixels are a click. */
const CLICK = 4;
/** Corners of a lasso are at least so far apart, in CSS pixels. */
const CORNER = 3;
const KEY_STEP = 0.12;
const KEY_ZOOM = 1.35;
const WHEEL_ZOOM = 0.0022;
/** A wheel that counts lines or pages, in pixels. */
const WHEEL_UNITS = [1, 16, 400];

/** Handlers of the canvas: pan, zoom, pinch, lasso, box, hover, click and keys. */
export function useGestures(session: Session, stage: Stage | null) {
  return useMemo(() => (stage ? new Gestures(session, stage).handlers() : {}), [session, stage]);
}

type Drag =
  | { readonly kind: "pan"; readonly grip: Point; moved: boolean }
  | { readonly kind: "lasso" | "box"; path: Point[]; moved: boolean };

class Gestures {
  private readonly pointers = new Map<number, Point>();
  private drag: Drag | null = null;
  private last: Point = [0, 0];

  constructor(
    private readonly session: Session,
    private readonly stage: Stage,
  ) {}

  handlers() {
    return {
      onPointerDown: (event: PointerEvent) => this.down(event),
      onPointerMove: (event: PointerEvent) => this.move(event),
      onPointerUp: (event: PointerEvent) => this.up(event),
      onPointerCancel: (event: PointerEvent) => this.cancel(event),
      onPointerLeave: () => (this.session.hovered.value = null),
      onWheel: (event: WheelEvent) => this.wheel(event),
      onDblClick: (event: MouseEvent) => this.zoom(placeOf(event), event.shiftKey ? 0.5 : 2),
      onKeyDown: (event: KeyboardEvent) => this.key(event),
    };
  }

  private down(event: PointerEvent): void {
    if (event.button !== 0) return;
    const at = placeOf(event);
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, at);
    this.last = at;
    if (this.pointers.size > 1) {
      this.drag = null;
      this.stage.setPath([]);
      return;
    }
    const tool = event.shiftKey ? "lasso" : event.altKey ? "box" : this.session.tool.peek();
    this.drag =
      tool === "pan"
        ? { kind: "pan", grip: this.stage.planeAt(...at), moved: false }
        : { kind: tool, path: [at], moved: false };
  }

  private move(event: PointerEvent): void {
    const at = placeOf(event);
    if (this.pointers.size > 1) return this.pinch(event.pointerId, at);
    if (!this.drag) {
      this.last = at;
      this.session.hovered.value = this.stage.rowAt(...at);
      return;
    }
    const start = this.pointers.get(event.pointerId)!;
    if (!this.drag.moved && distance(at, start) < CLICK) return;
    this.drag.moved = true;
    this.session.hovered.value = null;
    if (this.drag.kind === "pan") this.pan(at, this.drag.grip);
    else this.extend(at, this.drag);
  }

  private up(event: PointerEvent): void {
    this.pointers.delete(event.pointerId);
    const drag = this.drag;
    this.drag = null;
    this.stage.setPath([]);
    if (!drag) return;
    if (!drag.moved) this.click(placeOf(event));
    else if (drag.kind !== "pan") this.select(drag.path);
  }

  private cancel(event: PointerEvent): void {
    this.pointers.delete(event.pointerId);
    this.drag = null;
    this.stage.setPath([]);
  }

  private click(at: Point): void {
    const row = this.stage.rowAt(...at);
    if (row !== null) this.session.update({ pinned: row });
    else if (this.session.state.peek().pinned !== null) this.session.update({ pinned: null });
  }

  private pan([x, y]: Point, grip: Point): void {
    const [px, py] = this.stage.planeAt(x, y);
    const { camera } = this.session;
    camera.value = movedBy(camera.peek(), grip[0] - px, grip[1] - py);
  }

  private extend(at: Point, drag: Drag & { kind: "lasso" | "box" }): void {
    const first = drag.path[0]!;
    if (drag.kind === "box") drag.path = [first, [at[0], first[1]], at, [first[0], at[1]]];
    else if (distance(at, drag.path.at(-1)!) >= CORNER) drag.path.push(at);
    this.stage.setPath([...drag.path]);
  }

  private select(path: readonly Point[]): void {
    if (path.length < 3) return;
    const polygon = path.map(([x, y]) => this.stage.planeAt(x, y));
    const { projection } = this.session.state.peek();
    this.session.addFilter({ type: "lasso", projection, polygon });
  }

  private pinch(pointer: number, at: Point): void {
    const before = this.pointers.get(pointer);
    const other = [...this.pointers].find(([id]) => id !== pointer)?.[1];
    if (!before || !other) return;
    this.pointers.set(pointer, at);
    const middle: Point = [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2];
    const middleBefore: Point = [(before[0] + other[0]) / 2, (before[1] + other[1]) / 2];
    this.pan(middle, this.stage.planeAt(...middleBefore));
    this.zoom(middle, distance(at, other) / Math.max(1, distance(before, other)));
  }

  private zoom(at: Point, factor: number): void {
    const [x, y] = this.stage.planeAt(...at);
    this.session.camera.value = zoomedAt(this.session.camera.peek(), x, y, factor);
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    const turned = event.deltaY * (WHEEL_UNITS[event.deltaMode] ?? 1);
    // A pinch on a touchpad comes as a wheel with Ctrl, in small steps.
    this.zoom(placeOf(event), Math.exp(-turned * WHEEL_ZOOM * (event.ctrlKey ? 4 : 1)));
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = this.actions()[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  private actions(): Record<string, () => void> {
    const { session } = this;
    const camera = session.camera.peek();
    const step = KEY_STEP / camera.zoom;
    const go = (x: number, y: number) => () => (session.camera.value = movedBy(camera, x, y));
    const zoom = (factor: number) => () =>
      (session.camera.value = zoomedAt(camera, camera.x, camera.y, factor));
    return {
      ArrowLeft: go(-step, 0),
      ArrowRight: go(step, 0),
      ArrowUp: go(0, step),
      ArrowDown: go(0, -step),
      "+": zoom(KEY_ZOOM),
      "=": zoom(KEY_ZOOM),
      "-": zoom(1 / KEY_ZOOM),
      "0": () => (session.camera.value = WHOLE),
      l: () => (session.tool.value = "lasso"),
      b: () => (session.tool.value = "box"),
      p: () => (session.tool.value = "pan"),
      v: () => this.selectView(),
      Enter: () => this.click(this.last),
      Escape: () => session.update({ pinned: null }),
    };
  }

  /** Select what is in view: the keyboard's way to draw a box. */
  private selectView(): void {
    const [width, height] = this.stage.extent;
    this.select([[0, 0], [width, 0], [width, height], [0, height]]);
  }
}

function placeOf(event: MouseEvent): Point {
  return [event.offsetX, event.offsetY];
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}
