import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type RunningProgram, run, start } from './programs.ts';

const command = join(import.meta.dirname, '..', 'bin', 'secondwind');
const patienceMs = 20_000;

/** A server of the demo's own, used as anybody uses one: by the command line. */
export class DemoServer {
  readonly #dataFolder: string;
  readonly #process: RunningProgram;
  readonly #signal: AbortSignal;

  private constructor(dataFolder: string, running: RunningProgram, signal: AbortSignal) {
    this.#dataFolder = dataFolder;
    this.#process = running;
    this.#signal = signal;
  }

  /**
   * Starts it on an empty folder.
   * @param folder - the demo's
   * @param signal - ends commands early
   */
  static async start(folder: string, signal: AbortSignal): Promise<DemoServer> {
    const dataFolder = join(folder, 'data');
    const words = ['serve', '--data', dataFolder, '--json'];
    const running = await start(command, words, join(folder, 'server.log'));
    const server = new DemoServer(dataFolder, running, signal);
    await server.until(() => server.ask(['status']));
    return server;
  }

  /**
   * Runs a command.
   * @param words - without --data and --json
   * @returns its document, or of a long command the result
   */
  async ask<Answer>(words: readonly string[]): Promise<Answer> {
    const all = [...words, '--data', this.#dataFolder, '--json'];
    const output = await run(command, all, { signal: this.#signal });
    const last = JSON.parse(output.trim().split('\n').at(-1)!) as { readonly result?: Answer };
    return last.result ?? (last as Answer);
  }

  /**
   * Asks again and again, until there is an answer.
   * @param question - gives undefined or fails while there is none
   */
  async until<Answer>(question: () => Promise<Answer | undefined>): Promise<Answer> {
    const deadline = performance.now() + patienceMs;
    let failure: unknown;
    while (performance.now() < deadline) {
      this.#signal.throwIfAborted();
      try {
        const answer = await question();
        if (answer !== undefined) return answer;
      } catch (error) {
        failure = error;
      }
      await wait(100);
    }
    throw new Error('the server did not get ready in time', { cause: failure });
  }

  /** Ends it in order. */
  async stop(): Promise<void> {
    await this.#process.stop();
  }
}
