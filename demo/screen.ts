import type { Clock } from '../src/base/clock.ts';
import { formatDuration } from '../src/base/units.ts';

const textWidth = 46;

/** What the demo says: one line for each step, with what came of it on the right. */
export class Screen {
  readonly #output: NodeJS.WriteStream;
  readonly #clock: Clock;
  #isOpen = false;

  /**
   * @param output - a terminal, or a file
   * @param clock - measures steps
   */
  constructor(output: NodeJS.WriteStream, clock: Clock) {
    this.#output = output;
    this.#clock = clock;
  }

  /**
   * Writes a line.
   * @param text - without its newline
   */
  line(text = ''): void {
    this.#output.write(`${text}\n`);
  }

  /**
   * Carries out a step and writes its line.
   * @param text - what is done
   * @param action - does it, and tells what came of it
   * @returns how long it took, milliseconds
   */
  async step(text: string, action: () => Promise<string>): Promise<number> {
    this.#output.write(`  ${text.padEnd(textWidth)} `);
    this.#isOpen = true;
    const startMs = this.#clock.steadyMs();
    const outcome = await action();
    const durationMs = this.#clock.steadyMs() - startMs;
    this.#isOpen = false;
    this.line(`${this.#bold('✓')} ${formatDuration(durationMs).padStart(7)}  ${outcome}`);
    return durationMs;
  }

  /**
   * Writes a heading.
   * @param text - without its newline
   */
  heading(text: string): void {
    this.line();
    this.line(this.#bold(text));
  }

  /**
   * Says why the demo ended early.
   * @param reason - in words
   */
  failed(reason: string): void {
    if (this.#isOpen) this.line('✗');
    this.#isOpen = false;
    this.line();
    this.line(`The demo ended early: ${reason}`);
  }

  #bold(text: string): string {
    return this.#output.isTTY ? `\u001b[1m${text}\u001b[0m` : text;
  }
}
