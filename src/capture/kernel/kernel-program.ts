/** The program that captures in the kernel, while it runs. Its words are those of docs/formats/write-capture.md. */
export interface KernelProgram {
  /**
   * Gives a command.
   * @param line - without its end
   */
  send(line: string): void;
  /** Ends the program. */
  stop(): void;
}

/** Hears from the program. */
export interface KernelProgramListener {
  /**
   * It has written.
   * @param bytes - the next piece of its stream; the listener's from now on
   */
  received(bytes: Uint8Array): void;
  /**
   * It has ended, or could not be started. Nothing comes afterwards.
   * @param reason - why, in words for people
   */
  ended(reason: string): void;
}

/**
 * Starts the program.
 * @param devicePath - any block device that can be read now
 */
export type StartKernelProgram = (
  devicePath: string,
  listener: KernelProgramListener,
) => KernelProgram;
