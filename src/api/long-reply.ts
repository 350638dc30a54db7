import { once } from 'node:events';
import type { FastifyReply } from 'fastify';
import type { Clock } from '../base/clock.ts';
import { SecondwindError } from '../base/errors.ts';
import { progressIntervalMs } from '../base/limits.ts';
import type { ActionProgress, BatchAction } from '../service/long-action.ts';
import { asSecondwindError, errorDocument } from './error-document.ts';

/** What long actions of one server share. */
export interface LongReplies {
  /** Spaces progress lines. */
  readonly clock: Clock;
  /** Ends every action when the server ends. */
  readonly signal: AbortSignal;
}

/**
 * Carries out a long action and answers with lines of JSON. An action that fails before its first progress is answered
 * like any other route, with the error's own status.
 * @param reply - where the lines go; a client that goes away ends the action
 * @param shared - see LongReplies
 * @param action - the action
 * @throws whatever the action throws before its first line
 */
export async function replyAtLength<Result>(
  reply: FastifyReply,
  shared: LongReplies,
  action: (context: BatchAction<unknown>) => Promise<Result>,
): Promise<FastifyReply> {
  const lines = new ReplyLines(reply, shared.clock);
  const departure = new AbortController();
  const leave = (): void => {
    if (!reply.raw.writableFinished) departure.abort(interrupted());
  };
  reply.raw.once('close', leave);
  try {
    const signal = AbortSignal.any([departure.signal, shared.signal]);
    const result = await action({
      signal,
      progress: (progress) => lines.progress(progress),
      emit: (batch) => lines.batch(batch, signal),
    });
    await lines.end({ result });
  } catch (error) {
    if (!lines.isBegun) throw error;
    await lines.end({ error: errorDocument(asSecondwindError(error)) });
  } finally {
    reply.raw.off('close', leave);
  }
  return reply;
}

function interrupted(): SecondwindError {
  return new SecondwindError('INTERRUPTED', { action: 'The action' });
}

/** The lines of one answer. Progress that comes too often, or faster than the client reads, is left out. */
class ReplyLines {
  readonly #reply: FastifyReply;
  readonly #clock: Clock;
  #lastMs = -Infinity;
  isBegun = false;

  constructor(reply: FastifyReply, clock: Clock) {
    this.#reply = reply;
    this.#clock = clock;
  }

  progress(progress: ActionProgress): void {
    const nowMs = this.#clock.steadyMs();
    const { raw } = this.#reply;
    if (nowMs - this.#lastMs < progressIntervalMs || raw.writableNeedDrain || raw.destroyed) return;
    this.#lastMs = nowMs;
    this.#begin();
    raw.write(`${JSON.stringify({ progress })}\n`);
  }

  async batch(batch: unknown, signal: AbortSignal): Promise<void> {
    const { raw } = this.#reply;
    this.#begin();
    if (!raw.write(`${JSON.stringify({ batch })}\n`)) await once(raw, 'drain', { signal });
  }

  async end(last: object): Promise<void> {
    const { raw } = this.#reply;
    this.#begin();
    if (raw.destroyed) return;
    raw.end(`${JSON.stringify(last)}\n`);
    await Promise.race([once(raw, 'finish'), once(raw, 'close')]);
  }

  #begin(): void {
    if (this.isBegun) return;
    this.isBegun = true;
    this.#reply.hijack();
    this.#reply.raw.writeHead(200, { 'content-type': 'application/x-ndjson' });
  }
}
