import type { ArrayRef } from "../payload";
import { PageError } from "./errors";

/** Arrays that an `ArrayRef` of numbers can name. */
export type Numbers = Float32Array | Uint8Array | Uint16Array | Uint32Array;

const ARRAYS = { f32: Float32Array, u8: Uint8Array, u16: Uint16Array, u32: Uint32Array };
const LENGTH_BYTES = 4;

/** What is wrong with a file, and what mends it. */
export interface Complaints {
  /** it is cut short. */
  readonly short: string;
  /** it is something else. */
  readonly strange: string;
  readonly mend: string;
}

/** A file of a JSON header and arrays, which are views into its bytes: u32 header length, header, arrays at 4-byte boundaries. */
export class Packed<Header> {
  readonly header: Header;
  private readonly start: number;

  /**
   * @param bytes the whole file.
   * @param known its header, if it was parsed before.
   * @throws PageError the file is cut short, or is no such file.
   */
  constructor(
    private readonly bytes: ArrayBuffer,
    private readonly complaints: Complaints,
    known?: Header,
  ) {
    const length = this.headerLength();
    this.header = known ?? this.parsed(new Uint8Array(bytes, LENGTH_BYTES, length));
    this.start = (LENGTH_BYTES + length + 3) & ~3;
  }

  /** A view of an array of numbers; nothing is copied. */
  array(ref: ArrayRef): Numbers {
    if (ref.type === "utf8") throw new TypeError("a text has no array of numbers");
    const type = ARRAYS[ref.type];
    this.check(ref, ref.length * type.BYTES_PER_ELEMENT);
    return new type(this.bytes, this.start + ref.offset, ref.length);
  }

  /** An array of u32, e.g. rows. */
  u32(ref: ArrayRef): Uint32Array {
    return this.array(ref) as Uint32Array;
  }

  /** A reader of one string by its place; strings are decoded when asked for. */
  strings(ref: ArrayRef): (place: number) => string {
    this.check(ref, 4 * (ref.length + 1));
    const offsets = new Uint32Array(this.bytes, this.start + ref.offset, ref.length + 1);
    const first = this.start + ref.offset + offsets.byteLength;
    this.check(ref, offsets.byteLength + offsets[ref.length]!);
    const decoder = new TextDecoder();
    return (place) =>
      decoder.decode(
        new Uint8Array(this.bytes, first + offsets[place]!, offsets[place + 1]! - offsets[place]!),
      );
  }

  private check(ref: ArrayRef, size: number): void {
    if (this.start + ref.offset + size > this.bytes.byteLength) throw this.short();
  }

  private headerLength(): number {
    const { bytes } = this;
    if (bytes.byteLength < LENGTH_BYTES) throw this.short();
    const length = new DataView(bytes).getUint32(0, true);
    if (LENGTH_BYTES + length > bytes.byteLength) throw this.short();
    return length;
  }

  private parsed(bytes: Uint8Array): Header {
    const { strange, mend } = this.complaints;
    let header: { schema_version?: unknown } & Header;
    try {
      header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    } catch {
      throw new PageError(strange, mend);
    }
    if (!(Number(header?.schema_version) >= 1)) throw new PageError(strange, mend);
    return header;
  }

  private short(): PageError {
    return new PageError(this.complaints.short, this.complaints.mend);
  }
}
