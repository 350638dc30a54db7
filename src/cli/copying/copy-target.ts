import type { CopiedFile } from '../../service/copy-report.ts';

/** A file that is being written. */
export interface OpenTargetFile {
  /**
   * Writes a part; what is never written reads as zeroes.
   * @param bytes - borrowed until the call ends
   * @param offsetBytes - behind all that was written before
   */
  write(bytes: Uint8Array, offsetBytes: number): Promise<void>;
  /** Completes it, with its metadata. */
  finish(sizeBytes: number): Promise<void>;
  /** Gives it up, because the rest of it cannot be read. */
  abandon(): Promise<void>;
}

/** Where copied files go: a folder, or an archive. */
export interface CopyTarget {
  /** Whether files must come one after the other, each with its content, as in an archive. */
  readonly isInOrder: boolean;
  /**
   * Takes the next file, in the order of the list.
   * @returns where its content goes; undefined when there is nothing to fetch: it has none, or is there already
   * @throws NodeJS system errors, SecondwindError; only this file is lost then
   */
  take(file: CopiedFile): Promise<OpenTargetFile | undefined>;
  /** Ends the copy; everything is in place afterwards. */
  finish(): Promise<void>;
}
