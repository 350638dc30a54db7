import { blockBytes } from '../../src/base/limits.ts';
import type { CommitRequest, DiskState } from '../../src/repository/contract.ts';

/** A commit that a source tried to store, told apart by the text of a bookmark that it carries. */
export interface TriedCommit {
  /** Unique among all commits of a test. */
  readonly id: string;
  readonly request: CommitRequest;
}

/** One disk as the model has it after some commits. */
export interface ModelDisk {
  readonly bytes: Buffer;
  readonly state: DiskState;
}

/** Disks of one machine, by name. */
export type ModelMachine = ReadonlyMap<string, ModelDisk>;

/** Every commit that was tried, and what disks hold after any of them: computed plainly, from whole buffers. */
export class HistoryModel {
  readonly #tried = new Map<string, TriedCommit>();
  readonly #memory = new Map<string, ModelMachine>();
  readonly #before: HistoryModel | undefined;

  /** @param before - commits that this model goes on from; not changed by it */
  constructor(before?: HistoryModel) {
    this.#before = before;
  }

  /** @param commit - that a source is about to hand in */
  tried(commit: TriedCommit): void {
    this.#tried.set(commit.id, commit);
  }

  /**
   * Finds a commit.
   * @param id - of one that was tried
   */
  commit(id: string): TriedCommit | undefined {
    return this.#tried.get(id) ?? this.#before?.commit(id);
  }

  /**
   * Tells what the disks of a machine hold.
   * @param ids - all commits of the machine up to the moment, in order
   */
  after(ids: readonly string[]): ModelMachine {
    const last = ids.at(-1);
    if (last === undefined) return new Map();
    if (this.#before !== undefined && ids.every((id) => !this.#tried.has(id))) {
      return this.#before.after(ids);
    }
    const key = ids.join(' ');
    const known = this.#memory.get(key);
    if (known !== undefined) return known;
    const result = applied(this.after(ids.slice(0, -1)), this.commit(last)!.request);
    this.#memory.set(key, result);
    return result;
  }
}

/**
 * Applies a commit.
 * @param before - disks of the machine
 * @param request - what changed
 */
export function applied(before: ModelMachine, request: CommitRequest): ModelMachine {
  const after = new Map(before);
  for (const { disk, sizeBytes, state, runs } of request.disks) {
    const bytes = Buffer.alloc(sizeBytes);
    before.get(disk)?.bytes.copy(bytes);
    for (const { firstBlock, blockCount, data } of runs) {
      const start = firstBlock * blockBytes;
      const end = Math.min(start + blockCount * blockBytes, sizeBytes);
      if (data === undefined) bytes.fill(0, start, end);
      else bytes.set(data.subarray(0, end - start), start);
    }
    after.set(disk, { bytes, state });
  }
  return after;
}
