import type { ArrayRef, ExplorerHeader } from "../payload";
import { PageError } from "./errors";
import { Payload } from "./decode";

/** `explorer.bin` as it comes: its arrays can be named at once, those at its beginning can be read. */
export interface Opening {
  readonly payload: Payload;
  /** Bytes of the data section that are here already, at its beginning. */
  readonly there: number;
  /** Fulfilled when all of it is here; rejected if it does not come. */
  readonly whole: Promise<void>;
}

const LENGTH_BYTES = 4;

/**
 * Open a file while the rest of it is on its way.
 *
 * @param chunks of the file, in turn.
 * @throws PageError the file is cut short within what is needed first, or is no such file.
 */
export async function open(chunks: AsyncIterable<Uint8Array>): Promise<Opening> {
  const filling = new Filling(chunks[Symbol.asyncIterator]());
  await filling.reach(LENGTH_BYTES);
  const start = filling.dataStart;
  await filling.reach(start);
  const header = filling.header();
  if (!header || !isSized(header)) return opened(filling);
  const end = start + header.data_bytes;
  const bytes = filling.settle(end);
  await filling.reach(start + header.first_bytes);
  const payload = new Payload(bytes, header);
  const whole = filling.reach(end).then(() => {
    if (filling.length < end) throw new PageError(...TRUNCATED);
  });
  if (filling.length >= end) await whole;
  return { payload, there: filling.length - start, whole };
}

/** The largest data section that is made room for before it is here. */
const LARGEST = 2 ** 32;

/** Whether a header says how long its file is, and says so credibly. */
function isSized({ data_bytes: size, first_bytes: first }: ExplorerHeader): boolean {
  return (
    Number.isInteger(size) && Number.isInteger(first) && size > 0 && size <= LARGEST && first >= 0
  );
}

/** A file of an older version, which does not say how long it is, or of something else. */
async function opened(filling: Filling): Promise<Opening> {
  await filling.reach(Infinity);
  return { payload: new Payload(filling.all()), there: Infinity, whole: Promise.resolve() };
}

/** Whether the file is here as far as an array needs it. */
export function isThere({ there }: Opening, ref: ArrayRef): boolean {
  if (ref.type === "utf8") return there === Infinity;
  const size = { f32: 4, u8: 1, u16: 2, u32: 4 }[ref.type];
  return ref.offset + ref.length * size <= there;
}

const TRUNCATED = [
  "The analysis file is cut short.",
  "Upload the analysis again: mlflow-latent analyze RUN.",
] as const;

/** A buffer that is filled from the front. */
class Filling {
  private bytes = new Uint8Array(1 << 16);
  private filled = 0;
  /** Whether the buffer has its final size: what comes beyond it is left out. */
  private isFinal = false;

  constructor(private readonly chunks: AsyncIterator<Uint8Array>) {}

  /** Bytes that are here. */
  get length(): number {
    return this.filled;
  }

  /** Read on until so many bytes are here, or there are no more. */
  async reach(wanted: number): Promise<void> {
    while (this.filled < wanted) {
      const { value, done } = await this.chunks.next();
      if (done) return;
      if (!this.isFinal) this.grow(this.filled + value.length);
      const chunk = value.subarray(0, this.bytes.length - this.filled);
      this.bytes.set(chunk, this.filled);
      this.filled += chunk.length;
    }
  }

  /** Give the buffer its final size, and return it; what is still to come is filled into it. */
  settle(size: number): ArrayBuffer {
    this.resize(size);
    this.isFinal = true;
    return this.bytes.buffer as ArrayBuffer;
  }

  /** What is here, as a buffer of its own. */
  all(): ArrayBuffer {
    return this.bytes.slice(0, this.filled).buffer;
  }

  /** Where the data section starts; infinite where not even the header's length is here. */
  get dataStart(): number {
    const end = this.headerEnd;
    return end + (-end & 3);
  }

  /** The header; null where there is none. */
  header(): ExplorerHeader | null {
    const end = this.headerEnd;
    if (!(end <= this.filled)) return null;
    try {
      const text = new TextDecoder("utf-8", { fatal: true });
      return JSON.parse(text.decode(this.bytes.subarray(LENGTH_BYTES, end)));
    } catch {
      return null;
    }
  }

  private get headerEnd(): number {
    if (this.filled < LENGTH_BYTES) return Infinity;
    return LENGTH_BYTES + new DataView(this.bytes.buffer).getUint32(0, true);
  }

  private grow(needed: number): void {
    if (needed > this.bytes.length) this.resize(Math.max(needed, 2 * this.bytes.length));
  }

  private resize(size: number): void {
    const resized = new Uint8Array(size);
    resized.set(this.bytes.subarray(0, Math.min(size, this.filled)));
    this.bytes = resized;
    this.filled = Math.min(size, this.filled);
  }
}
