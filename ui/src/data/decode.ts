import { EXPLORER_SCHEMA_VERSION, type ExplorerHeader } from "../payload";
import { PageError } from "./errors";
import { Packed } from "./packed";

const COMPLAINTS = {
  short: "The analysis file is cut short.",
  strange: "This is not an analysis file.",
  mend: "Upload the analysis again: mlflow-latent analyze RUN.",
};

/** The content of `explorer.bin`: its header, and its arrays as views into the bytes. */
export class Payload extends Packed<ExplorerHeader> {
  /**
   * @param bytes the whole file, or a buffer that the rest of it will be filled into.
   * @param header of it, if it was parsed before.
   * @throws PageError the file is cut short, is no such file, or of a newer schema.
   */
  constructor(bytes: ArrayBuffer, header?: ExplorerHeader) {
    super(bytes, COMPLAINTS, header);
    const { schema_version: version } = this.header;
    if (version > EXPLORER_SCHEMA_VERSION)
      throw new PageError(
        `The analysis has schema version ${version}; this page reads up to ${EXPLORER_SCHEMA_VERSION}.`,
        "Upgrade mlflow-latent on the server that shows it: pip install --upgrade mlflow-latent.",
      );
  }
}
