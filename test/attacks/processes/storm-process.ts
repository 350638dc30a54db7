import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const child = fileURLToPath(import.meta.resolve('./storm-child.ts'));
const patienceMs = 60_000;

/** A commit whose storing was acknowledged. */
export interface Acknowledged {
  readonly machine: string;
  readonly number: number;
  readonly sequence: number;
  readonly timeMicros: number;
}

/** The process that is killed. */
export class StormProcess {
  /** What it acknowledged. */
  readonly acknowledged: Acknowledged[] = [];
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #ended: Promise<unknown>;
  readonly #waiting = new Map<string, PromiseWithResolvers<undefined>>();
  #errors = '';
  #isWanted = true;

  /**
   * Starts it; it waits for its order.
   * @param folder - of the storm
   * @param seed - of the storm
   */
  constructor(folder: string, seed: number) {
    const words = ['--disable-warning=ExperimentalWarning', child, folder, String(seed)];
    this.#process = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.stdin.on('error', () => undefined);
    this.#process.stderr.on('data', (piece: Buffer) => (this.#errors += piece.toString()));
    const lines = createInterface(this.#process.stdout);
    lines.on('line', (line) => this.#heard(line));
    this.#ended = Promise.all([once(this.#process, 'close'), once(lines, 'close')]);
    this.#process.once('exit', () => this.#exited());
  }

  /**
   * Lets it open the repository and append.
   * @param lastNumbers - last commit of each machine that is stored
   */
  async begin(lastNumbers: Readonly<Record<string, number>>): Promise<void> {
    this.#process.stdin.write(`${JSON.stringify(lastNumbers)}\n`);
    await this.heard('opening');
  }

  /** Ends when it says something for the first time: "opening", or "ack" for any commit. */
  heard(word: 'opening' | 'ack'): Promise<void> {
    const timeout = setTimeout(() => {
      this.#awaited(word).reject(new Error(`the storm's process said no "${word}"`));
    }, patienceMs);
    return this.#awaited(word).promise.finally(() => clearTimeout(timeout));
  }

  /** Kills it; ends when it is gone and all it said was heard. @throws when it had failed before */
  async kill(): Promise<void> {
    const hadEnded = this.#process.exitCode !== null;
    this.#isWanted = false;
    this.#process.kill('SIGKILL');
    await this.#ended;
    if (hadEnded) throw new Error(`the storm's process failed: ${this.#errors}`);
  }

  #awaited(word: string): PromiseWithResolvers<undefined> {
    const known = this.#waiting.get(word);
    if (known !== undefined) return known;
    const fresh = Promise.withResolvers<undefined>();
    fresh.promise.catch(() => undefined);
    this.#waiting.set(word, fresh);
    return fresh;
  }

  #heard(line: string): void {
    if (!line.startsWith('{')) {
      this.#awaited(line).resolve(undefined);
      return;
    }
    this.acknowledged.push(JSON.parse(line) as Acknowledged);
    this.#awaited('ack').resolve(undefined);
  }

  #exited(): void {
    if (!this.#isWanted) return;
    const error = new Error(`the storm's process ended by itself: ${this.#errors}`);
    for (const word of ['opening', 'ack']) this.#awaited(word).reject(error);
  }
}
