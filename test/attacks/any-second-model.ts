import type { Micros } from '../../src/base/clock.ts';
import { blockBytes } from '../../src/base/limits.ts';
import type { CommitRequest, DiskState } from '../../src/repository/contract.ts';
import { applied, type ModelMachine } from './history-model.ts';

/** A stored commit, and what its machine held after it. */
interface ModelCommit {
  readonly timeMicros: Micros;
  readonly request: CommitRequest;
  readonly disks: ModelMachine;
}

/** What a question about a moment must be answered with. */
export type ExpectedMoment =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'too early'; readonly firstMicros: Micros | undefined }
  | {
      readonly kind: 'gap';
      readonly beforeMicros: Micros | undefined;
      readonly afterMicros: Micros | undefined;
    }
  | { readonly kind: 'whole'; readonly bytes: Buffer; readonly timeMicros: Micros };

/** A record of every commit with its time, to tell what any disk was at any moment. */
export class AnySecondModel {
  readonly #commits = new Map<string, ModelCommit[]>();

  /**
   * Notes a stored commit.
   * @param request - what was stored
   * @param timeMicros - from its receipt
   */
  add(request: CommitRequest, timeMicros: Micros): void {
    const commits = this.#commits.get(request.machine) ?? [];
    const disks = applied(commits.at(-1)?.disks ?? new Map(), request);
    commits.push({ timeMicros, request, disks });
    this.#commits.set(request.machine, commits);
  }

  /** Times of a machine's commits, ascending. */
  times(machine: string): Micros[] {
    return (this.#commits.get(machine) ?? []).map(({ timeMicros }) => timeMicros);
  }

  /** What opening a disk at a moment must give. */
  at(machine: string, disk: string, atMicros: Micros): ExpectedMoment {
    const own = this.#own(machine, disk);
    if (own.length === 0) return { kind: 'unknown' };
    const firstMicros = own.find(({ state }) => state === 'whole')?.timeMicros;
    const index = own.findLastIndex(({ timeMicros }) => timeMicros <= atMicros);
    if (index < 0) return { kind: 'too early', firstMicros };
    if (own[index]!.state === 'whole') {
      const commit = this.#newest(machine, atMicros)!;
      return { kind: 'whole', bytes: commit.disks.get(disk)!.bytes, timeMicros: commit.timeMicros };
    }
    const start = own.slice(0, index + 1).findLastIndex(({ state }) => state === 'whole') + 1;
    const afterMicros = own.slice(index).find(({ state }) => state === 'whole')?.timeMicros;
    if (start === 0 && firstMicros === afterMicros) return { kind: 'too early', firstMicros };
    const before = start === 0 ? undefined : this.#newest(machine, own[start]!.timeMicros - 1);
    return { kind: 'gap', beforeMicros: before?.timeMicros, afterMicros };
  }

  /** Blocks of a disk that a commit in (from, to] speaks of, or that it grew or shrank over. */
  touchedBlocks(machine: string, disk: string, from: Micros, to: Micros): Set<number> {
    const touched = new Set<number>();
    let sizeBlocks = 0;
    for (const { timeMicros, request, disks } of this.#commits.get(machine) ?? []) {
      const newBlocks = Math.ceil((disks.get(disk)?.bytes.length ?? 0) / blockBytes);
      const isInside = timeMicros > from && timeMicros <= to;
      if (isInside) {
        for (const { firstBlock, blockCount } of runsOf(request, disk)) {
          for (let block = 0; block < blockCount; block++) touched.add(firstBlock + block);
        }
        for (let block = Math.min(sizeBlocks, newBlocks); block < newBlocks; block++) {
          touched.add(block);
        }
      }
      sizeBlocks = newBlocks;
    }
    return touched;
  }

  #own(machine: string, disk: string): { timeMicros: Micros; state: DiskState }[] {
    return (this.#commits.get(machine) ?? []).flatMap(({ timeMicros, request }) => {
      const part = request.disks.find((each) => each.disk === disk);
      return part === undefined ? [] : [{ timeMicros, state: part.state }];
    });
  }

  #newest(machine: string, atMicros: Micros): ModelCommit | undefined {
    return (this.#commits.get(machine) ?? []).findLast(({ timeMicros }) => timeMicros <= atMicros);
  }
}

function runsOf(
  request: CommitRequest,
  disk: string,
): readonly { firstBlock: number; blockCount: number }[] {
  return request.disks.find((each) => each.disk === disk)?.runs ?? [];
}
