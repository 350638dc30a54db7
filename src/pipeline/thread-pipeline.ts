import { Worker } from 'node:worker_threads';
import type { JobOf, JobUrgency, OperationName, Pipeline, ResultOf } from './operation-table.ts';
import type { ThreadRequest, ThreadResponse } from './thread-message.ts';

interface Waiting {
  readonly request: ThreadRequest;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly underWay: Map<number, Waiting>;
}

/** One job runs and one lies ready, so that a thread never waits for the event loop. */
const jobsPerThreadMax = 2;
/** Buffers live as long as one job, so a roomy nursery keeps them out of the slow collections. */
const resourceLimits = { maxYoungGenerationSizeMb: 16 };

/**
 * Runs operations in worker threads. Jobs that somebody waits for overtake jobs that store. Callers bound how many jobs
 * they hand in; the queues here only order them.
 */
export class ThreadPipeline implements Pipeline {
  /** See Pipeline. */
  readonly width: number;
  readonly #threads: Thread[] = [];
  readonly #queues: Record<JobUrgency, Waiting[]> = { read: [], store: [] };
  #nextId = 1;
  #isClosing = false;

  /** @param width - threads, 1 or more */
  constructor(width: number) {
    this.width = width;
    for (let index = 0; index < width; index++) this.#threads.push(this.#start());
  }

  /** See Pipeline. */
  run<Name extends OperationName>(
    name: Name,
    job: JobOf<Name>,
    urgency: JobUrgency,
  ): Promise<ResultOf<Name>> {
    return new Promise((resolve, reject) => {
      const request = { id: this.#nextId++, name, job };
      const settle = resolve as (result: unknown) => void;
      this.#queues[urgency].push({ request, resolve: settle, reject });
      this.#dispatch();
    });
  }

  /** See Pipeline. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #start(): Thread {
    const worker = new Worker(new URL('./thread-main.ts', import.meta.url), { resourceLimits });
    const thread: Thread = { worker, underWay: new Map() };
    worker.on('message', (response: ThreadResponse) => {
      this.#finish(thread, response);
    });
    worker.on('error', (error: Error) => {
      this.#replace(thread, error);
    });
    worker.unref();
    return thread;
  }

  #finish(thread: Thread, response: ThreadResponse): void {
    const waiting = thread.underWay.get(response.id);
    thread.underWay.delete(response.id);
    this.#dispatch();
    // Idle threads must not keep a program alive, busy ones must.
    if (thread.underWay.size === 0) thread.worker.unref();
    if (waiting === undefined) return;
    if ('failure' in response) waiting.reject(toError(response.failure));
    else waiting.resolve(response.result);
  }

  /** A thread that died takes its jobs with it, but not the pool. */
  #replace(thread: Thread, error: Error): void {
    for (const waiting of thread.underWay.values()) waiting.reject(error);
    thread.underWay.clear();
    if (!this.#isClosing) this.#threads[this.#threads.indexOf(thread)] = this.#start();
    this.#dispatch();
  }

  #dispatch(): void {
    for (let load = 0; load < jobsPerThreadMax; load++) {
      for (const thread of this.#threads) {
        if (thread.underWay.size > load) continue;
        const waiting = this.#queues.read.shift() ?? this.#queues.store.shift();
        if (waiting === undefined) return;
        thread.underWay.set(waiting.request.id, waiting);
        thread.worker.ref();
        thread.worker.postMessage(waiting.request);
      }
    }
  }
}

function toError(failure: { readonly message: string; readonly code?: string }): Error {
  return Object.assign(new Error(failure.message), failure);
}
