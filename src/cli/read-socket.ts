import { connect } from 'node:net';
import { contentReadBytes } from './limits.ts';

/**
 * Sends a request over a local socket and reads what comes back, always into the same buffer; the socket is read on when the next piece is asked for.
 * @param socketPath - the server's socket
 * @param request - all that is sent
 * @param signal - ends it early
 * @returns pieces, each borrowed until the next one is asked for
 * @throws system errors; the signal's reason
 */
export async function* readSocket(
  socketPath: string,
  request: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  let piece: Uint8Array | undefined;
  let failure: Error | undefined;
  let isOver = false;
  let waking = Promise.withResolvers<undefined>();
  const socket = connect({
    path: socketPath,
    onread: {
      buffer: Buffer.allocUnsafeSlow(contentReadBytes),
      callback: (lengthBytes, buffer) => {
        piece = buffer.subarray(0, lengthBytes);
        waking.resolve(undefined);
        return false;
      },
    },
  });
  const end = (error?: Error): void => {
    failure ??= error;
    isOver = true;
    waking.resolve(undefined);
  };
  const abort = (): void => void socket.destroy(signal.reason as Error);
  socket.once('error', end);
  socket.once('end', () => end());
  socket.once('close', () => end());
  signal.addEventListener('abort', abort, { once: true });
  socket.write(request);
  try {
    for (;;) {
      while (piece === undefined && failure === undefined && !isOver) {
        await waking.promise;
        waking = Promise.withResolvers();
      }
      if (piece === undefined) break;
      const taken = piece;
      piece = undefined;
      yield taken;
      socket.resume();
    }
    if (failure !== undefined) throw failure;
  } finally {
    signal.removeEventListener('abort', abort);
    socket.destroy();
  }
}
