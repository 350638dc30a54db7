import { blockBytes } from '../../src/base/limits.ts';
import { happens, integerBelow, oneOf, type Random } from '../../src/base/random.ts';
import type { BlockRun, CommitRequest, DiskChange } from '../../src/repository/contract.ts';
import type { OpenRepositoryOptions } from '../../src/repository/index.ts';
import type { RepositoryRig } from './repository-rig.ts';

/** Something that a repository is used for, to be cut short anywhere. */
export interface Workload {
  readonly name: string;
  /** Whether what is under way at once ends in any order; else everything takes one turn. */
  readonly hasJitter?: boolean;
  /** Of the repository, when it is used so. */
  readonly options: Partial<OpenRepositoryOptions>;
  /** Uses the repository, which is open at the start and may be closed or open at the end. */
  readonly run: (rig: RepositoryRig, random: Random) => Promise<void>;
}

/** Segments of these tests are full after a few commits. */
const smallSegments = { segmentBytes: 12 * 1024 };

/** Every kind of use that the crash tests cut short. */
export const workloads: readonly Workload[] = [
  {
    name: 'one disk, one commit after the other',
    options: {},
    run: async (rig, random) => {
      for (let number = 0; number < 5; number++) await append(rig, random, { machine: 'a' });
    },
  },
  {
    name: 'two machines at once, several commits under way',
    hasJitter: true,
    options: {},
    run: async (rig, random) => {
      for (let round = 0; round < 2; round++) {
        const both = ['a', 'b', 'a', 'b'].map((machine) => append(rig, random, { machine }));
        await Promise.all(both);
      }
    },
  },
  {
    name: 'segments that fill up',
    options: smallSegments,
    run: async (rig, random) => {
      for (let number = 0; number < 5; number++) {
        await append(rig, random, { machine: oneOf(random, ['a', 'b']), blocksMax: 6 });
      }
    },
  },
  {
    name: 'segments that fill up under commits that are under way',
    hasJitter: true,
    options: smallSegments,
    run: async (rig, random) => {
      for (let round = 0; round < 2; round++) {
        const five = ['a', 'b', 'a', 'b', 'a'].map((machine) =>
          append(rig, random, { machine, blocksMax: 5 }),
        );
        await Promise.all(five);
      }
    },
  },
  {
    name: 'a process that is killed again and again, and a source that repeats what it does not know to be stored',
    options: smallSegments,
    run: async (rig, random) => {
      for (let life = 0; life < 2; life++) {
        for (let number = 0; number < 2; number++) await append(rig, random, { machine: 'a' });
        const request = randomCommit(rig, random, { machine: 'a', blocksMax: 4 });
        await startAndKill(rig, random, request);
        await rig.open();
        await rig.append(nextId(rig), { ...request, timeMicros: rig.tick() });
      }
    },
  },
  {
    name: 'closed in order, opened again, built anew, and keys changed',
    options: smallSegments,
    run: async (rig, random) => {
      for (let life = 0; life < 2; life++) {
        await append(rig, random, { machine: 'a' });
        const key = { kind: 'recovery' as const, secret: new Uint8Array(32).fill(life) };
        const { id } = await rig.repository.addKey(key, 'another');
        await rig.repository.rebuild({});
        await append(rig, random, { machine: 'b' });
        await rig.repository.removeKey(id);
        await rig.close();
        await rig.open();
      }
    },
  },
];

/** What a commit of a workload is like. */
export interface CommitShape {
  readonly machine: string;
  /** Most blocks that change; default 3. */
  readonly blocksMax?: number;
}

/**
 * Appends a random commit.
 * @param rig - with an open repository
 * @param random - decides what it holds
 * @param shape - of the commit
 */
export async function append(
  rig: RepositoryRig,
  random: Random,
  shape: CommitShape,
): Promise<void> {
  await rig.append(nextId(rig), randomCommit(rig, random, shape));
}

/** Disks are this long, blocks: a little more than a region would need many, and each costs time in every state. */
const diskBlocks = 14;

/**
 * Makes a random commit: small runs, now and then zeroes, a second disk, content that was there before, another size.
 * @param rig - tells the time
 * @param random - decides
 * @param shape - of the commit
 */
export function randomCommit(
  rig: RepositoryRig,
  random: Random,
  shape: CommitShape,
): CommitRequest {
  const { machine, blocksMax = 3 } = shape;
  const names = happens(random, 0.3) ? ['sda', 'sdb'] : ['sda'];
  const disks = names.map((disk): DiskChange => {
    const isOdd = happens(random, 0.3);
    const state = happens(random, 0.1) ? 'filling' : 'whole';
    const blockCount = diskBlocks - (happens(random, 0.15) ? 1 + integerBelow(random, 5) : 0);
    const runs = randomRuns(random, blocksMax, blockCount);
    // A disk may come to end within a block that this commit writes.
    const last = runs.at(-1);
    const isLastWritten = last !== undefined && last.firstBlock + last.blockCount === blockCount;
    const sizeBytes = blockCount * blockBytes - (isOdd && isLastWritten ? 512 : 0);
    clearBehind(runs, sizeBytes);
    return { disk, sizeBytes, state, runs };
  });
  return { machine, timeMicros: rig.tick(), consistency: 'crash', disks };
}

function randomRuns(random: Random, blocksMax: number, diskBlockCount: number): BlockRun[] {
  const runs: BlockRun[] = [];
  let firstBlock = integerBelow(random, 4);
  while (firstBlock < diskBlockCount) {
    const blockCount = Math.min(1 + integerBelow(random, blocksMax), diskBlockCount - firstBlock);
    const isZero = happens(random, 0.15);
    runs.push(isZero ? { firstBlock, blockCount } : dataRun(random, firstBlock, blockCount));
    firstBlock += blockCount + 1 + integerBelow(random, 10);
  }
  return runs;
}

/** A disk may end within a block; the rest of that block is zeroes. */
function clearBehind(runs: readonly BlockRun[], sizeBytes: number): void {
  for (const { firstBlock, data } of runs)
    data?.fill(0, Math.max(0, sizeBytes - firstBlock * blockBytes));
}

function dataRun(random: Random, firstBlock: number, blockCount: number): BlockRun {
  const data = new Uint8Array(new SharedArrayBuffer(blockCount * blockBytes));
  for (let block = 0; block < blockCount; block++) {
    fillBlock(random, data.subarray(block * blockBytes, (block + 1) * blockBytes));
  }
  return { firstBlock, blockCount, data };
}

/** One of a few contents, so that blocks meet again; or one of its own, half of it random so that it takes space. */
function fillBlock(random: Random, block: Uint8Array): void {
  const kind = integerBelow(random, 8);
  if (kind < 3) block.fill(kind);
  else random.fill(block.subarray(0, blockBytes / 4));
}

/**
 * Names the next commit of a rig.
 * @param rig - whose log tells how many there were
 */
export function nextId(rig: RepositoryRig): string {
  return `c${++rig.commitCount}`;
}

/** Leaves a commit anywhere between nothing and stored. */
async function startAndKill(
  rig: RepositoryRig,
  random: Random,
  request: CommitRequest,
): Promise<void> {
  const appending = rig.append(nextId(rig), request);
  appending.catch(() => undefined);
  for (let turn = integerBelow(random, 60); turn > 0; turn--) await Promise.resolve();
  rig.kill();
}
