import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import { SecondwindError } from '../base/errors.ts';
import type { ContentSink } from '../service/use-cases.ts';
import { asSecondwindError, errorDocument } from './error-document.ts';
import type { LongReplies } from './long-reply.ts';

/** Shorter pieces are copied on their way out rather than waited for, bytes. */
const copiedPieceBytesMax = 16 * 1024;

/**
 * Answers with bytes as they come. What fails before the first of them is answered like any other route; later the trailer
 * "secondwind-error" holds the error document, so that nobody takes a part for the whole.
 * @param reply - where the bytes go; a client that goes away ends the action
 * @param shared - see LongReplies
 * @param action - hands the bytes to the sink
 * @throws whatever the action throws before it begins
 */
export async function replyWithContent(
  reply: FastifyReply,
  shared: LongReplies,
  action: (sink: ContentSink) => Promise<void>,
): Promise<FastifyReply> {
  const { raw } = reply;
  const departure = new AbortController();
  const leave = (): void => {
    if (!raw.writableFinished)
      departure.abort(new SecondwindError('INTERRUPTED', { action: 'Reading' }));
  };
  raw.once('close', leave);
  const signal = AbortSignal.any([departure.signal, shared.signal]);
  try {
    await action({
      signal,
      begin: (sizeBytes) => {
        reply.hijack();
        raw.writeHead(200, {
          'content-type': 'application/octet-stream',
          ...(sizeBytes === undefined ? {} : { 'x-content-bytes': String(sizeBytes) }),
          trailer: 'secondwind-error',
        });
      },
      write: (bytes) => writeBorrowed(raw, bytes, signal),
    });
  } catch (error) {
    if (!raw.headersSent) throw error;
    raw.addTrailers({
      'secondwind-error': encodeURIComponent(
        JSON.stringify(errorDocument(asSecondwindError(error))),
      ),
    });
  } finally {
    raw.off('close', leave);
  }
  raw.end();
  return reply;
}

/** A large piece is waited for until the system has it all, for it is only borrowed; small ones are copied: waiting for each would cost more. */
async function writeBorrowed(
  raw: ServerResponse,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  if (bytes.length <= copiedPieceBytesMax) {
    if (!raw.write(Buffer.from(bytes))) await once(raw, 'drain', { signal });
    return;
  }
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  raw.write(bytes, (error) => {
    if (error === null || error === undefined) resolve(undefined);
    else reject(error);
  });
  try {
    await promise;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
