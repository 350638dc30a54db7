import { parentPort } from 'node:worker_threads';
import { operationTable } from './operation-table.ts';
import type { ThreadRequest, ThreadResponse } from './thread-message.ts';

/** The program of a worker thread: one operation after the other, results handed over without a copy. */
parentPort?.on('message', (request: ThreadRequest) => {
  const operation = operationTable[request.name] as (job: unknown) => unknown;
  try {
    const result = operation(request.job);
    const response: ThreadResponse = { id: request.id, result };
    parentPort?.postMessage(response, transferable(result));
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    const failure = code === undefined ? { message } : { message, code };
    parentPort?.postMessage({ id: request.id, failure } satisfies ThreadResponse);
  }
});

function transferable(result: unknown): ArrayBuffer[] {
  const parts = Array.isArray(result) ? result : [result];
  return parts.flatMap((part: Record<string, unknown>) =>
    Object.values(part).flatMap((value) =>
      value instanceof Uint8Array &&
      value.buffer instanceof ArrayBuffer &&
      isAlone(value, value.buffer)
        ? [value.buffer]
        : [],
    ),
  );
}

/** Small results may lie in a pool that Node shares between buffers; only memory of its own can be handed to another thread. */
function isAlone(part: Uint8Array, memory: ArrayBuffer): boolean {
  return part.byteLength === memory.byteLength;
}
