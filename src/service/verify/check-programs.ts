/** How a program ended. */
export interface ProgramEnd {
  /** Its exit code; undefined when it was ended because it took too long, or was asked to end. */
  readonly exitCode: number | undefined;
  /** The first of what it wrote to standard output and standard error, in the order it came. */
  readonly text: string;
  /** Whether there is no such program. */
  readonly isMissing: boolean;
}

/** A network disk that is shown as a file. */
export interface ShownFile {
  /** Path of the file. */
  readonly path: string;
  /** Shows it no longer. */
  hide(): Promise<void>;
}

/** Programs of the system that check file systems, and what they need to see a volume. */
export interface CheckPrograms {
  /**
   * Runs a program to its end.
   * @param program - its name
   * @param words - its arguments
   * @param signal - ends it early
   */
  run(program: string, words: readonly string[], signal: AbortSignal): Promise<ProgramEnd>;
  /**
   * Shows the only disk of an NBD server as a file.
   * @param folder - absolute path of an existing empty folder, for this file alone
   * @param socketPath - of the server
   * @returns undefined when the programs for it are missing
   * @throws IO_FAILED
   */
  showAsFile(folder: string, socketPath: string): Promise<ShownFile | undefined>;
  /**
   * Shows nothing in a folder any more, whoever did.
   * @param folder - as above
   */
  hideStale(folder: string): Promise<void>;
}
