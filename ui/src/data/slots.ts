/** Which of a fixed number of places holds which key; the key longest unused gives way. */
export class Slots {
  /** Place of each key, the longest unused first. */
  private readonly places = new Map<number, number>();

  /** @param size number of places. */
  constructor(readonly size: number) {}

  /** The place of a key, which is now the last used; undefined if it has none. */
  find(key: number): number | undefined {
    const place = this.places.get(key);
    if (place === undefined) return undefined;
    this.places.delete(key);
    this.places.set(key, place);
    return place;
  }

  /** A place for a key that has none. */
  take(key: number): number {
    let place = this.places.size;
    if (place >= this.size) {
      const [oldest, freed] = this.places.entries().next().value!;
      this.places.delete(oldest);
      place = freed;
    }
    this.places.set(key, place);
    return place;
  }
}
