import { EXPLORER_SCHEMA_VERSION, type ArrayRef, type ExplorerHeader } from "../payload";
import { PageError } from "./errors";

/** Arrays that an `ArrayRef` of numbers can name. */
export type Numbers = Float32Array | Uint8Array | Uint16Array | Uint32Array;

const ARRAYS = { f32: Float32Array, u8: Uint8Array, u16: Uint16Array, u32: Uint32Array };
const LENGTH_BYTES = 4;
const TRUNCATED = "The analysis file is cut short.";
const UPLOAD_AGAIN = "Upload the analysis again: mlflow-latent analyze RUN.";

/** The content of `explorer.bin`: its header, and its arrays as views into the bytes. */
export class Payload {
  readonly header: ExplorerHeader;
  private readonly start: number;

  /**
   * @param bytes the whole file: u32 header length, JSON header, then arrays at 4-byte boundaries.
   * @throws PageError the file is cut short, is no such file, or of a newer schema.
   */
  constructor(private readonly bytes: ArrayBuffer) {
    const length = headerLength(bytes);
    this.header = parsed(new Uint8Array(bytes, LENGTH_BYTES, length));
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
    if (this.start + ref.offset + size > this.bytes.byteLength)
      throw new PageError(TRUNCATED, UPLOAD_AGAIN);
  }
}

function headerLength(bytes: ArrayBuffer): number {
  if (bytes.byteLength < LENGTH_BYTES) throw new PageError(TRUNCATED, UPLOAD_AGAIN);
  const length = new DataView(bytes).getUint32(0, true);
  if (LENGTH_BYTES + length > bytes.byteLength) throw new PageError(TRUNCATED, UPLOAD_AGAIN);
  return length;
}

function parsed(bytes: Uint8Array): ExplorerHeader {
  let header: ExplorerHeader;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new PageError("This is not an analysis file.", UPLOAD_AGAIN);
  }
  if (!(header?.schema_version >= 1))
    throw new PageError("This is not an analysis file.", UPLOAD_AGAIN);
  if (header.schema_version > EXPLORER_SCHEMA_VERSION)
    throw new PageError(
      `The analysis has schema version ${header.schema_version}; this page reads up to ${EXPLORER_SCHEMA_VERSION}.`,
      "Upgrade mlflow-latent on the server that shows it: pip install --upgrade mlflow-latent.",
    );
  return header;
}
