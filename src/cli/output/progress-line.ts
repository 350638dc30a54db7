import type { Clock } from '../../base/clock.ts';
import { formatBytes, formatCount, formatDuration, formatRate } from '../../base/units.ts';
import type { ActionProgress } from '../../service/long-action.ts';
import type { TextSink } from '../command-context.ts';
import { visible } from './table.ts';

/** What is quicker needs no progress. */
const silentMs = 2_000;
/** How often a terminal's line is drawn anew. */
const drawMs = 150;
/** How often a line is written where there is no terminal. */
const lineMs = 5_000;
const barWidth = 24;
const eighths = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const clearLine = '\r\u001b[K';

/** Shows how far a long action is: one line that is drawn anew on a terminal, else a line every few seconds. */
export class ProgressLine {
  readonly #sink: TextSink;
  readonly #clock: Clock;
  readonly #startMs: number;
  #phaseStart: { readonly phase: string; readonly ms: number; readonly done: number } | undefined;
  #lastMs: number;
  #isShown = false;

  /**
   * @param sink - usually standard error
   * @param clock - measures rate and time left
   */
  constructor(sink: TextSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
    this.#startMs = clock.steadyMs();
    this.#lastMs = -Infinity;
  }

  /**
   * Shows progress, unless that was done a moment ago.
   * @param progress - how far the action is
   */
  update(progress: ActionProgress): void {
    const nowMs = this.#clock.steadyMs();
    if (this.#phaseStart?.phase !== progress.phase) {
      this.#phaseStart = { phase: progress.phase, ms: nowMs, done: progress.done };
    }
    const isTerminal = this.#sink.isTTY === true;
    if (nowMs - this.#startMs < silentMs) return;
    if (nowMs - this.#lastMs < (isTerminal ? drawMs : lineMs)) return;
    this.#lastMs = nowMs;
    const text = visible(this.#text(progress, nowMs, isTerminal));
    this.#sink.write(
      isTerminal ? clearLine + text.slice(0, this.#sink.columns ?? 80) : `${text}\n`,
    );
    this.#isShown = isTerminal;
  }

  /** Removes the line from the terminal. */
  clear(): void {
    if (this.#isShown) this.#sink.write(clearLine);
    this.#isShown = false;
  }

  #text(progress: ActionProgress, nowMs: number, isTerminal: boolean): string {
    const { done, total, unit } = progress;
    const start = this.#phaseStart!;
    const elapsedMs = nowMs - start.ms;
    const amount = (value: number): string =>
      unit === 'bytes' ? formatBytes(value) : `${formatCount(value)} ${unit}`;
    if (total <= 0) return `${progress.phase}  ${amount(done)}`;
    const share = Math.min(done / total, 1);
    const rate = unit === 'bytes' ? formatRate(done - start.done, elapsedMs) : '';
    const perMs = (done - start.done) / Math.max(elapsedMs, 1);
    const left =
      perMs > 0 && elapsedMs > 500 ? `${formatDuration((total - done) / perMs)} left` : '';
    const picture = isTerminal ? bar(share) : '';
    const percent = `${Math.floor(share * 100)} %`.padStart(5);
    return [progress.phase, picture, percent, `${amount(done)} of ${amount(total)}`, rate, left]
      .filter((part) => part !== '')
      .join('  ');
  }
}

function bar(share: number): string {
  const units = Math.round(share * barWidth * 8);
  const full = '█'.repeat(Math.floor(units / 8));
  const rest = units % 8 === 0 ? '' : eighths[units % 8]!;
  return `▕${(full + rest).padEnd(barWidth, ' ')}▏`;
}
