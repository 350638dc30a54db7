import type { Micros } from '../base/clock.ts';
import { SecondwindError } from '../base/errors.ts';
import { blockBytes } from '../base/limits.ts';
import type { DiskExtent } from '../disk/disk.ts';
import type {
  BlockRun,
  CommitReceipt,
  CommitRequest,
  CommitSink,
  DiskName,
  DiskState,
  View,
  ViewOpener,
} from '../repository/index.ts';

/** A stored commit; its runs are copies. */
export interface StoredCommit extends CommitRequest {
  readonly sequence: number;
}

interface DiskAt {
  readonly sizeBytes: number;
  readonly state: DiskState;
  readonly timeMicros: Micros;
  readonly blocks: Map<number, Uint8Array>;
}

/**
 * A repository that keeps every commit as it came, and opens views by replaying them all: slow, and right. Tests make it
 * fail or wait.
 */
export class MemoryRepository implements CommitSink, ViewOpener {
  /** Everything stored, of all machines, in order. */
  readonly commits: StoredCommit[] = [];
  /** Runs before each append; may wait, or throw what the append then fails with. */
  beforeAppend: ((request: CommitRequest) => Promise<void> | void) | undefined = undefined;
  /** Bytes that views have read. */
  viewBytesRead = 0;
  #appending: Promise<unknown> = Promise.resolve();

  async append(request: CommitRequest): Promise<CommitReceipt> {
    const appended = this.#appending.then(() => this.#append(request));
    this.#appending = appended.catch(() => undefined);
    return appended;
  }

  async openView(
    name: DiskName,
    atMicros: Micros,
    options?: { readonly isFillingAllowed?: boolean },
  ): Promise<View> {
    const { machine, disk } = name;
    const own = this.commits.filter((commit) => commit.machine === machine);
    if (own.length === 0) throw new SecondwindError('UNKNOWN_MACHINE', { machine });
    const isKnown = own.some((commit) => commit.disks.some((change) => change.disk === disk));
    if (!isKnown) throw new SecondwindError('UNKNOWN_DISK', { machine, disk });
    const state = replay(own, disk, atMicros);
    const asked = String(atMicros);
    if (state === undefined) {
      throw new SecondwindError('NO_POINT_YET', { disk, asked, first: 'later' });
    }
    if (state.state === 'filling' && options?.isFillingAllowed !== true) {
      const gap = { gapStart: '?', gapEnd: '?', before: '?', after: '?' };
      throw new SecondwindError('POINT_IN_GAP', { disk, asked, ...gap });
    }
    return this.#createView(name, state);
  }

  /** The repository as a kill leaves it; appends that are under way on this one change nothing there. */
  afterKill(): MemoryRepository {
    const left = new MemoryRepository();
    left.commits.push(...this.commits);
    return left;
  }

  /**
   * Content of a disk at a moment, whole or not.
   * @param name - machine and disk
   * @param atMicros - the moment
   */
  async contentAt(name: DiskName, atMicros: Micros): Promise<Buffer> {
    const view = await this.openView(name, atMicros, { isFillingAllowed: true });
    const content = Buffer.alloc(view.sizeBytes);
    await view.read(content, 0);
    return content;
  }

  async #append(request: CommitRequest): Promise<CommitReceipt> {
    await this.beforeAppend?.(request);
    const earlier = this.commits.filter((commit) => commit.machine === request.machine);
    const timeMicros = Math.max(request.timeMicros, (earlier.at(-1)?.timeMicros ?? -1) + 1);
    const sequence = earlier.length + 1;
    let changedBytes = 0;
    const disks = request.disks.map((change) => ({
      ...change,
      runs: change.runs.map((run) => {
        changedBytes += run.blockCount * blockBytes;
        return run.data === undefined ? run : { ...run, data: copyOf(run.data) };
      }),
    }));
    this.commits.push({ ...request, timeMicros, sequence, disks });
    return {
      timeMicros,
      sequence,
      changedBytes,
      newBytes: changedBytes,
      storedBytes: changedBytes,
    };
  }

  #createView(name: DiskName, at: DiskAt): View {
    return {
      name,
      sizeBytes: at.sizeBytes,
      timeMicros: at.timeMicros,
      read: async (target, offsetBytes) => {
        this.viewBytesRead += target.length;
        readBlocks(at.blocks, target, offsetBytes);
      },
      extents: (offsetBytes, lengthBytes) => extentsOf(at.blocks, offsetBytes, lengthBytes),
      close: async () => undefined,
    };
  }
}

function replay(commits: readonly StoredCommit[], disk: string, at: Micros): DiskAt | undefined {
  const blocks = new Map<number, Uint8Array>();
  let result: DiskAt | undefined;
  for (const { timeMicros, disks } of commits) {
    const change = disks.find((candidate) => candidate.disk === disk);
    if (timeMicros > at || change === undefined) continue;
    for (const run of change.runs) applyRun(blocks, run);
    const { sizeBytes, state } = change;
    result = { sizeBytes, state, timeMicros, blocks };
  }
  return result;
}

function applyRun(blocks: Map<number, Uint8Array>, run: BlockRun): void {
  for (let i = 0; i < run.blockCount; i++) {
    if (run.data === undefined) blocks.delete(run.firstBlock + i);
    else blocks.set(run.firstBlock + i, run.data.subarray(i * blockBytes, (i + 1) * blockBytes));
  }
}

function readBlocks(
  blocks: ReadonlyMap<number, Uint8Array>,
  target: Uint8Array,
  offsetBytes: number,
): void {
  for (let done = 0; done < target.length; ) {
    const at = offsetBytes + done;
    const inBlock = at % blockBytes;
    const length = Math.min(blockBytes - inBlock, target.length - done);
    const block = blocks.get(Math.floor(at / blockBytes));
    if (block === undefined) target.fill(0, done, done + length);
    else target.set(block.subarray(inBlock, inBlock + length), done);
    done += length;
  }
}

function extentsOf(
  blocks: ReadonlyMap<number, Uint8Array>,
  offsetBytes: number,
  lengthBytes: number,
): readonly DiskExtent[] {
  const extents: { lengthBytes: number; isHole: boolean }[] = [];
  const end = offsetBytes + lengthBytes;
  for (let at = offsetBytes; at < end; ) {
    const blockEnd = Math.min((Math.floor(at / blockBytes) + 1) * blockBytes, end);
    const isHole = !blocks.has(Math.floor(at / blockBytes));
    const last = extents.at(-1);
    if (last?.isHole === isHole) last.lengthBytes += blockEnd - at;
    else extents.push({ lengthBytes: blockEnd - at, isHole });
    at = blockEnd;
  }
  return extents;
}

function copyOf(data: Uint8Array<SharedArrayBuffer>): Uint8Array<SharedArrayBuffer> {
  const copy = new Uint8Array(new SharedArrayBuffer(data.length));
  copy.set(data);
  return copy;
}
