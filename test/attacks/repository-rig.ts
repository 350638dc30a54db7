import assert from 'node:assert/strict';
import type { Micros } from '../../src/base/clock.ts';
import type { LogFields, Logger } from '../../src/base/log.ts';
import type { Random } from '../../src/base/random.ts';
import type { MemoryStore } from '../../src/keyvalue/memory-store.ts';
import { InlinePipeline } from '../../src/pipeline/inline-pipeline.ts';
import type { CommitReceipt, CommitRequest } from '../../src/repository/contract.ts';
import {
  createRepository,
  type KeySecretInput,
  type OpenRepositoryOptions,
  openRepository,
  type Repository,
} from '../../src/repository/index.ts';
import { CrashStorage } from '../../src/testing/crash-storage.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { HistoryModel } from './history-model.ts';
import { JitterPipeline, pauseBy } from './jitter-pipeline.ts';
import { LoggedIndexHome } from './logged-index.ts';
import { idOf, pointsOf } from './verify-history.ts';

/** What opens the repositories of these tests. */
export const secret: KeySecretInput = {
  kind: 'key-file',
  secret: new Uint8Array(32).fill(7),
};

/** Marks that the rig leaves in the log of its storage. */
export type RigMark =
  | { readonly kind: 'tried'; readonly id: string; readonly machine: string }
  | { readonly kind: 'stored'; readonly id: string; readonly receipt: CommitReceipt }
  | { readonly kind: 'failed'; readonly id: string };

let emptyFiles: Promise<Map<string, Buffer>> | undefined;

/** Files of an empty repository; the same for all tests, since making one says nothing about the others. */
export function emptyRepository(): Promise<Map<string, Buffer>> {
  emptyFiles ??= (async () => {
    const storage = new CrashStorage();
    await createRepository({ storage, secret, clock: new VirtualClock() }, 'test');
    return storage.files;
  })();
  return emptyFiles;
}

/** Keeps what is logged as an error: without damage there must be none. */
export class ErrorLog implements Logger {
  readonly errors: string[] = [];
  error(message: string, fields: LogFields = {}): void {
    this.errors.push(`${message} ${JSON.stringify(fields, undefined, 0)}`);
  }
  debug(): void {
    return;
  }
  info(): void {
    return;
  }
  warn(): void {
    return;
  }
  with(): Logger {
    return this;
  }
}

/** A repository over a storage that can crash, with everything around it in memory. */
export class RepositoryRig {
  readonly clock: VirtualClock = new VirtualClock();
  readonly log: ErrorLog = new ErrorLog();
  readonly model: HistoryModel;
  storage: CrashStorage;
  /** Commits that were tried. */
  commitCount = 0;
  readonly home: LoggedIndexHome;
  readonly #options: Partial<OpenRepositoryOptions>;
  #open: Repository | undefined;

  /**
   * @param files - what the storage holds
   * @param options - of the repository; `index` is the index that survived, `model` the history so far, `jitter` decides how
   *   long everything that is under way at once takes
   */
  constructor(
    files: ReadonlyMap<string, Buffer>,
    options: Partial<OpenRepositoryOptions> & {
      index?: MemoryStore;
      model?: HistoryModel;
      jitter?: Random;
    } = {},
  ) {
    const { index, model, jitter, ...others } = options;
    this.storage = new CrashStorage(files);
    this.home = new LoggedIndexHome((mark) => this.storage.mark(mark), index);
    this.model = model ?? new HistoryModel();
    this.#options = others;
    if (jitter === undefined) return;
    const pause = (): Promise<void> => pauseBy(jitter);
    this.storage.pause = pause;
    this.home.pause = pause;
    this.#options = { pipeline: new JitterPipeline(jitter), ...others };
  }

  /** The open repository. */
  get repository(): Repository {
    assert(this.#open, 'the repository is open');
    return this.#open;
  }

  /** Opens the repository. */
  async open(): Promise<Repository> {
    const { storage, home, clock, log } = this;
    const given = { storage, indexHome: home, clock, log, secret, pipeline: new InlinePipeline() };
    this.#open = await openRepository({ ...given, cacheBytes: 4 * 1024 * 1024, ...this.#options });
    return this.#open;
  }

  /** Closes it in order. */
  async close(): Promise<void> {
    await this.repository.close();
    this.#open = undefined;
  }

  /** Ends the process without warning; the machine goes on, and nothing that was written is lost by it. */
  kill(): void {
    this.storage = this.storage.takeOver();
    this.home.takeOver();
    this.#open = undefined;
  }

  /**
   * Tries to store a commit, and notes in the log what became of it.
   * @param id - unique; carried by the commit as a bookmark
   * @param request - without that note
   */
  async append(id: string, request: CommitRequest): Promise<CommitReceipt> {
    const bookmark = { kind: 'bookmark' as const, text: id };
    const marked = { ...request, notes: [...(request.notes ?? []), bookmark] };
    this.model.tried({ id, request: marked });
    this.#mark({ kind: 'tried', id, machine: request.machine });
    const { storage } = this;
    try {
      const receipt = await this.repository.append(marked);
      storage.mark({ kind: 'stored', id, receipt } satisfies RigMark);
      return receipt;
    } catch (error) {
      storage.mark({ kind: 'failed', id } satisfies RigMark);
      throw error;
    }
  }

  /**
   * Lists what is there of a machine.
   * @param machine - name
   */
  idsOf(machine: string): string[] {
    return pointsOf(this.repository, machine).map((point) => idOf(point));
  }

  /** Time goes on a little: as the sources' clock does between two commits. */
  tick(): Micros {
    this.clock.jump(1000);
    return this.clock.nowMicros();
  }

  #mark(mark: RigMark): void {
    this.storage.mark(mark);
  }
}
