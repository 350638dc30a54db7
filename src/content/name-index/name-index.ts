import { Worker } from 'node:worker_threads';
import { SecondwindError } from '../../base/errors.ts';
import type { FoundName } from './name-record.ts';
import type { NameThreadAnswer, StoreMethod } from './thread/messages.ts';
import type { NameSearch, NameStore, NameStoreOptions } from './thread/name-store.ts';

/** How a search goes on. */
export interface SearchOptions {
  /** Names that are given out at most. */
  readonly limitMax: number;
  readonly signal: AbortSignal;
  /** Hears names as they are found. */
  readonly onFound: (names: readonly FoundName[]) => void;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onFound?: (names: readonly FoundName[]) => void;
}

/** The name index, which lives in a thread of its own: see NameStore. Calls are answered in order. */
export class NameIndex {
  readonly #thread: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #failure: Error | undefined;

  /** @param options - see NameStoreOptions */
  constructor(options: NameStoreOptions) {
    const address = new URL('./thread/name-thread.ts', import.meta.url);
    this.#thread = new Worker(address, { workerData: options });
    this.#thread.on('message', (answer: NameThreadAnswer) => {
      this.#take(answer);
    });
    this.#thread.on('error', (error: Error) => {
      this.#fail(new SecondwindError('INTERNAL', { reason: error.message }, error));
    });
    this.#thread.unref();
  }

  /**
   * Calls the store in its thread.
   * @param method - what is called
   * @param words - with what
   * @throws DAMAGED, INTERNAL
   */
  call<Method extends StoreMethod>(
    method: Method,
    ...words: Parameters<NameStore[Method]>
  ): Promise<ReturnType<NameStore[Method]>> {
    return this.#ask((id) => ({ id, method, words })) as Promise<ReturnType<NameStore[Method]>>;
  }

  /**
   * Finds names.
   * @param search - see NameSearch
   * @param options - see SearchOptions
   * @returns whether there are more names than were given out
   * @throws DAMAGED, INTERNAL; the signal's reason
   */
  async find(search: NameSearch, options: SearchOptions): Promise<boolean> {
    const { limitMax, signal, onFound } = options;
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const end = (): void => void Atomics.store(stop, 0, 1);
    signal.addEventListener('abort', end);
    try {
      const isMore = await this.#ask((id) => ({ id, search, limitMax, stop }), onFound);
      signal.throwIfAborted();
      return isMore as boolean;
    } finally {
      signal.removeEventListener('abort', end);
    }
  }

  /** Ends the thread when all calls are answered. */
  async close(): Promise<void> {
    if (this.#failure !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#thread.once('exit', () => {
      resolve(undefined);
    });
    // While the thread ends it must keep the program alive, though it did not while it was idle.
    this.#thread.ref();
    this.#thread.postMessage({ close: true });
    await promise;
  }

  #ask(
    orderOf: (id: number) => unknown,
    onFound?: (names: readonly FoundName[]) => void,
  ): Promise<unknown> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const waiting = { resolve, reject };
      this.#waiting.set(id, onFound === undefined ? waiting : { ...waiting, onFound });
      this.#thread.ref();
      this.#thread.postMessage(orderOf(id));
    });
  }

  #take(answer: NameThreadAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    if ('names' in answer) {
      waiting.onFound?.(answer.names);
      return;
    }
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#thread.unref();
    if ('failure' in answer) waiting.reject(errorOf(answer.failure));
    else waiting.resolve(answer.result);
  }

  #fail(error: Error): void {
    this.#failure = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function errorOf({
  message,
  code,
  data = {},
}: Extract<NameThreadAnswer, { failure: unknown }>['failure']): Error {
  return code === undefined
    ? new SecondwindError('INTERNAL', { reason: message })
    : new SecondwindError(code, data);
}
