import { createHash } from 'node:crypto';
import { blockBytes } from '../../../src/base/limits.ts';
import { happens, integerBelow, type Random, seededRandom } from '../../../src/base/random.ts';
import type { BlockRun, DiskChange } from '../../../src/repository/contract.ts';

/** The machines of a kill storm, and their disks. */
export const stormMachines: ReadonlyMap<string, readonly string[]> = new Map([
  ['m1', ['a', 'b']],
  ['m2', ['c']],
]);

const blocksMin = 200;
const runBlocksMax = 12;
/** Commits between two changes of a disk's size. */
const sizeEvery = 40;

/** One commit, made from nothing but its name: what was stored can be computed again by anybody. */
export interface StormCommit {
  readonly seed: number;
  readonly machine: string;
  /** Position in the machine's history, from 1. */
  readonly number: number;
}

/**
 * What a commit changes.
 * @param commit - which one
 */
export function changesOf(commit: StormCommit): DiskChange[] {
  const { seed, machine, number } = commit;
  const random = seededRandom(seed * 1_000_000 + number * 10 + Number(machine.slice(1)));
  const disks = stormMachines.get(machine)!;
  const changed = number === 1 ? disks : disks.filter(() => happens(random, 0.7));
  return (changed.length === 0 ? [disks[0]!] : changed).map((disk) => {
    const sizeBytes = sizeAt(disk, number);
    return { disk, sizeBytes, state: 'whole', runs: runsWithin(random, sizeBytes) };
  });
}

/** Disks grow and shrink a few times, and end in the middle of a block. */
function sizeAt(disk: string, number: number): number {
  const phase = (Math.floor(number / sizeEvery) + disk.charCodeAt(0)) % 4;
  return (blocksMin + 60 * phase) * blockBytes + 512 * phase;
}

function runsWithin(random: Random, sizeBytes: number): BlockRun[] {
  const blockCount = Math.ceil(sizeBytes / blockBytes);
  const runs: BlockRun[] = [];
  let firstBlock = integerBelow(random, blockCount);
  while (firstBlock < blockCount && runs.length < 8) {
    const length = Math.min(blockCount - firstBlock, 1 + integerBelow(random, runBlocksMax));
    runs.push(runOf(random, firstBlock, { length, sizeBytes }));
    firstBlock += length + 1 + integerBelow(random, 60);
  }
  return runs;
}

/** Zeroes, content that comes again and again, and content that is new. */
function runOf(
  random: Random,
  firstBlock: number,
  { length, sizeBytes }: { readonly length: number; readonly sizeBytes: number },
): BlockRun {
  if (happens(random, 0.15)) return { firstBlock, blockCount: length };
  const data = new Uint8Array(new SharedArrayBuffer(length * blockBytes));
  const isRepeated = happens(random, 0.3);
  const pattern = isRepeated ? integerBelow(random, 20) : random.uint32();
  for (let block = 0; block < length; block++) {
    const piece = data.subarray(block * blockBytes, (block + 1) * blockBytes);
    piece.set(happens(random, 0.5) ? textBlock(pattern, block) : noiseBlock(pattern, block));
  }
  data.subarray(Math.min(data.length, sizeBytes - firstBlock * blockBytes)).fill(0);
  return { firstBlock, blockCount: length, data };
}

function textBlock(pattern: number, block: number): Buffer {
  return Buffer.alloc(blockBytes, `block ${block} of pattern ${pattern}; `);
}

/** Bytes that do not compress. */
function noiseBlock(pattern: number, block: number): Buffer {
  const name = `${pattern}/${block}`;
  return createHash('shake256', { outputLength: blockBytes }).update(name).digest();
}

/** The disks of one machine as they must be, commit after commit. */
export class StormDisks {
  readonly #contents = new Map<string, Buffer>();

  /**
   * Goes on by one commit.
   * @param commit - the next one of the machine
   */
  apply(commit: StormCommit): void {
    for (const { disk, sizeBytes, runs } of changesOf(commit)) {
      const content = Buffer.alloc(sizeBytes);
      this.#contents.get(disk)?.copy(content);
      for (const { firstBlock, blockCount, data } of runs) {
        const start = firstBlock * blockBytes;
        const end = Math.min(start + blockCount * blockBytes, sizeBytes);
        if (data === undefined) content.fill(0, start, end);
        else content.set(data.subarray(0, end - start), start);
      }
      this.#contents.set(disk, content);
    }
  }

  /** Names the content of every disk, by disk. */
  hashes(): ReadonlyMap<string, string> {
    return new Map([...this.#contents].map(([disk, content]) => [disk, contentHash(content)]));
  }
}

/**
 * Names content, its length included.
 * @param content - of a whole disk
 */
export function contentHash(content: Uint8Array): string {
  return `${content.length}:${createHash('sha256').update(content).digest('hex')}`;
}
