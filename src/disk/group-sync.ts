import { fdatasync } from 'node:fs';
import { fromSystemError } from '../base/errors.ts';

/**
 * Makes written data stable, one fdatasync for all who ask while one is under way. A failed sync is final: the kernel may
 * have dropped the data it could not write and report success next time, so every later call fails too.
 */
export class GroupSync {
  readonly #fd: number;
  readonly #file: string;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #failure: Error | undefined;

  /**
   * @param fd - open file descriptor
   * @param file - name for errors
   */
  constructor(fd: number, file: string) {
    this.#fd = fd;
    this.#file = file;
  }

  /** Ends when everything written before this call is stable. */
  sync(): Promise<void> {
    if (this.#running === undefined) return this.#start();
    // The one under way may have begun before the caller's data was written; the next one serves all who come meanwhile.
    this.#next ??= this.#running.then(
      () => this.#start(),
      () => this.#start(),
    );
    return this.#next;
  }

  #start(): Promise<void> {
    this.#next = undefined;
    this.#running = this.#run();
    return this.#running;
  }

  async #run(): Promise<void> {
    try {
      if (this.#failure !== undefined) throw this.#failure;
      await datasync(this.#fd);
    } catch (error) {
      this.#failure ??= fromSystemError(error, 'Making written data stable', this.#file);
      throw this.#failure;
    } finally {
      this.#running = undefined;
    }
  }
}

function datasync(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
