/** Steps that can be taken back at most. */
const LONGEST = 200;

/** Undo and redo over immutable values. */
export class History<T> {
  private past: T[] = [];
  private future: T[] = [];
  private gesture: string | null = null;

  get canUndo(): boolean {
    return this.past.length > 0;
  }

  get canRedo(): boolean {
    return this.future.length > 0;
  }

  /**
   * Remember the value before a change. Changes of one gesture, e.g. a drag, are one step.
   *
   * @param before the value before.
   * @param gesture name of the gesture, if the change is part of one.
   */
  push(before: T, gesture: string | null = null): void {
    this.future = [];
    const continued = gesture !== null && gesture === this.gesture;
    this.gesture = gesture;
    if (continued) return;
    this.past.push(before);
    if (this.past.length > LONGEST) this.past.shift();
  }

  /** End a gesture: the next change of its name is a step of its own. */
  endGesture(): void {
    this.gesture = null;
  }

  /** The value before `now`; undefined if there is none. */
  undo(now: T): T | undefined {
    return this.step(this.past, this.future, now);
  }

  /** The value that was undone last; undefined if there is none. */
  redo(now: T): T | undefined {
    return this.step(this.future, this.past, now);
  }

  private step(from: T[], to: T[], now: T): T | undefined {
    this.gesture = null;
    const value = from.pop();
    if (value !== undefined) to.push(now);
    return value;
  }
}
