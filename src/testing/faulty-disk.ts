import type { Awaitable, DiskExtent, WritableDisk, WriteOptions } from '../disk/disk.ts';

/** Operations of a disk that can be made to fail. */
export type DiskOperation = 'read' | 'write' | 'writeZeroes' | 'trim' | 'flush' | 'extents';

/** What a faulty disk does and when. */
export interface FaultPlan {
  /** The first operation that fails, counted from 1 over the operations in `only`; none when left out. */
  readonly failAt?: number;
  /** Whether that one fails alone, or it and all after it; once when left out. */
  readonly lasts?: 'once' | 'onwards';
  /** Which operations are counted and fail; all when left out. */
  readonly only?: readonly DiskOperation[];
  /** What is thrown. */
  readonly error?: Error;
  /** Makes every operation wait for this first: it must then answer by a promise, as a slow disk would. */
  readonly delay?: () => Promise<void>;
  /** Whether a failing operation throws at once rather than by its promise; no when left out. */
  readonly throwsAtOnce?: boolean;
}

/** A disk that fails and dawdles by plan, for tests of those who must bear it. The plan may be changed while in use. */
export class FaultyDisk implements WritableDisk {
  readonly sizeBytes: number;
  /** In force for operations that begin from now on. */
  plan: FaultPlan;
  /** Operations begun so far that the plan counts. */
  operationCount = 0;
  readonly #below: WritableDisk;

  constructor(below: WritableDisk, plan: FaultPlan = {}) {
    this.sizeBytes = below.sizeBytes;
    this.plan = plan;
    this.#below = below;
  }

  read(target: Uint8Array, offsetBytes: number): Awaitable<void> {
    return this.#run('read', () => this.#below.read(target, offsetBytes));
  }

  write(data: Uint8Array, offsetBytes: number, options?: WriteOptions): Awaitable<void> {
    return this.#run('write', () => this.#below.write(data, offsetBytes, options));
  }

  writeZeroes(
    offsetBytes: number,
    lengthBytes: number,
    options?: WriteOptions & { readonly mayTrim?: boolean },
  ): Awaitable<void> {
    return this.#run('writeZeroes', () =>
      this.#below.writeZeroes(offsetBytes, lengthBytes, options),
    );
  }

  trim(offsetBytes: number, lengthBytes: number, options?: WriteOptions): Awaitable<void> {
    return this.#run('trim', () => this.#below.trim(offsetBytes, lengthBytes, options));
  }

  flush(): Awaitable<void> {
    return this.#run('flush', () => this.#below.flush());
  }

  extents(offsetBytes: number, lengthBytes: number): Awaitable<readonly DiskExtent[]> {
    return this.#run('extents', () => this.#below.extents(offsetBytes, lengthBytes));
  }

  async close(): Promise<void> {
    await this.#below.close();
  }

  #run<T>(operation: DiskOperation, act: () => Awaitable<T>): Awaitable<T> {
    const error = this.#faultFor(operation);
    if (error !== undefined && this.plan.throwsAtOnce === true) throw error;
    if (this.plan.delay !== undefined) return this.#runLater(this.plan.delay, error, act);
    return error === undefined ? act() : Promise.reject(error);
  }

  async #runLater<T>(
    delay: () => Promise<void>,
    error: Error | undefined,
    act: () => Awaitable<T>,
  ): Promise<T> {
    await delay();
    if (error !== undefined) throw error;
    return act();
  }

  #faultFor(operation: DiskOperation): Error | undefined {
    const { failAt, lasts = 'once', only, error = new Error('planned fault') } = this.plan;
    if (only !== undefined && !only.includes(operation)) return undefined;
    this.operationCount += 1;
    if (failAt === undefined) return undefined;
    const fails = lasts === 'once' ? this.operationCount === failAt : this.operationCount >= failAt;
    return fails ? error : undefined;
  }
}
