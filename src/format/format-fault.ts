/** Bytes that do not follow a format. Callers, who know the file, translate it to DAMAGED or NEWER_FORMAT. */
export class FormatFault extends Error {
  /** Where in the decoded bytes the fault lies, bytes from their start. */
  readonly offsetBytes: number;

  /**
   * @param reason - what is wrong, as a clause: "the header checksum does not match"
   * @param offsetBytes - position in the bytes that were decoded
   */
  constructor(reason: string, offsetBytes: number) {
    super(reason);
    this.name = 'FormatFault';
    this.offsetBytes = offsetBytes;
  }
}
