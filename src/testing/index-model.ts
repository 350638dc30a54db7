import fc from 'fast-check';
import { regionBlocks } from '../base/limits.ts';
import type { CommitNote, DiskState } from '../repository/contract.ts';
import type { IndexWriter } from '../repository/index-tables/index-writer.ts';
import type { IndexedCommit } from '../repository/index-tables/indexed-commit.ts';
import { type Extent, RegionExtents } from '../repository/index-tables/region-extents.ts';

/** A change of one region, for the model. */
export interface ModelRegion {
  readonly region: number;
  readonly extents: readonly Extent[];
}

/** A commit, for the model. */
export interface ModelCommit {
  readonly machine: string;
  readonly timeMicros: number;
  readonly disks: readonly {
    readonly disk: string;
    readonly state: DiskState;
    readonly sizeBytes: number;
    readonly regions: readonly ModelRegion[];
  }[];
  readonly notes?: readonly CommitNote[];
}

/** Where a block's content is, or nothing for zeroes. */
type ModelBlock = string | undefined;

/** Extents that are sorted and do not overlap, in random number and place. */
export const extentLists: fc.Arbitrary<Extent[]> = fc
  .array(
    fc.record({
      startBlock: fc.integer({ min: 0, max: 255 }),
      blockCount: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 256 })),
      chunkNumber: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 2 ** 40 })),
      chunkStartBlock: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 65_000 })),
    }),
    { maxLength: 12 },
  )
  .map(withoutOverlap);

function withoutOverlap(extents: readonly Extent[]): Extent[] {
  const sorted = extents.toSorted((left, right) => left.startBlock - right.startBlock);
  const result: Extent[] = [];
  let endBlock = 0;
  for (const extent of sorted) {
    if (extent.startBlock < endBlock) continue;
    endBlock = Math.min(extent.startBlock + extent.blockCount, regionBlocks);
    // Without a chunk: half of them zeroes, half excluded.
    const chunkStartBlock =
      extent.chunkNumber === 0 ? extent.startBlock % 2 : extent.chunkStartBlock;
    result.push({ ...extent, blockCount: endBlock - extent.startBlock, chunkStartBlock });
  }
  return result;
}

/** Commits of two machines in order of time, over few disks and regions so that they meet often. */
export const commitLists: fc.Arbitrary<ModelCommit[]> = fc
  .array(
    fc.record({
      machine: fc.constantFrom('alpha', 'beta'),
      stepMicros: fc.integer({ min: 1, max: 5 }),
      disks: fc.uniqueArray(
        fc.record({
          disk: fc.constantFrom('sda', 'sdb'),
          state: fc.constantFrom<DiskState>('whole', 'whole', 'filling'),
          sizeBytes: fc.constantFrom(2 ** 46, 2 ** 47),
          regions: fc.uniqueArray(
            fc.record({ region: fc.constantFrom(0, 1, 2, 300, 2 ** 25), extents: extentLists }),
            { maxLength: 4, selector: ({ region }) => region },
          ),
        }),
        { maxLength: 2, selector: ({ disk }) => disk },
      ),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((steps) => {
    let timeMicros = 2 ** 50;
    return steps.map(({ machine, stepMicros, disks }) => {
      timeMicros += stepMicros;
      const sorted = disks.map((disk) => ({
        ...disk,
        regions: disk.regions.toSorted((left, right) => left.region - right.region),
      }));
      return { machine, timeMicros, disks: sorted };
    });
  });

/** The timeline as nobody would store it: every block of every region at every commit. */
export class IndexModel {
  readonly commits: ModelCommit[] = [];
  readonly #regions = new Map<string, { timeMicros: number; blocks: ModelBlock[] }[]>();

  /** @param commit - later than every one before */
  add(commit: ModelCommit): void {
    this.commits.push(commit);
    for (const { disk, regions } of commit.disks) {
      for (const { region, extents } of regions) {
        const key = `${commit.machine}/${disk}/${region}`;
        const versions = this.#regions.get(key) ?? [];
        const blocks = [...(versions.at(-1)?.blocks ?? new Array<ModelBlock>(regionBlocks))];
        for (const extent of extents) paint(blocks, extent);
        versions.push({ timeMicros: commit.timeMicros, blocks });
        this.#regions.set(key, versions);
      }
    }
  }

  /**
   * Tells a region's blocks at a moment.
   * @param disk - "machine/disk"
   * @param region - number
   * @param timeMicros - moment
   */
  blocksAt(disk: string, region: number, timeMicros: number): readonly ModelBlock[] {
    const versions = this.#regions.get(`${disk}/${region}`) ?? [];
    const version = versions.findLast((each) => each.timeMicros <= timeMicros);
    return version?.blocks ?? new Array<ModelBlock>(regionBlocks).fill(undefined);
  }

  /**
   * Lists the regions of a disk.
   * @param disk - "machine/disk"
   * @returns ascending numbers of regions that were ever named
   */
  regionsOf(disk: string): number[] {
    const keys = [...this.#regions.keys()].filter((key) => key.startsWith(`${disk}/`));
    return keys
      .map((key) => Number(key.slice(disk.length + 1)))
      .sort((left, right) => left - right);
  }
}

/**
 * Spells extents out block by block, to compare with the model.
 * @param extents - of a region
 */
export function blocksOf(extents: RegionExtents): ModelBlock[] {
  const blocks = new Array<ModelBlock>(regionBlocks).fill(undefined);
  for (const extent of extents.toArray()) paint(blocks, extent);
  return blocks;
}

function paint(blocks: ModelBlock[], extent: Extent): void {
  for (let index = 0; index < extent.blockCount; index++) {
    const { chunkNumber, chunkStartBlock, startBlock } = extent;
    const withoutChunk = chunkStartBlock === 0 ? undefined : 'excluded';
    blocks[startBlock + index] =
      chunkNumber === 0 ? withoutChunk : `${chunkNumber}+${chunkStartBlock + index}`;
  }
}

/**
 * Enters a model's commit into the index, at log place (1, 100 × its number).
 * @param writer - of the index
 * @param commit - next one
 */
export function enterCommit(writer: IndexWriter, commit: ModelCommit): void {
  const machine = writer.machineNumber(commit.machine);
  const disks = commit.disks.map(({ disk, state, sizeBytes, regions }) => ({
    disk: writer.diskNumber({ machine: commit.machine, disk }),
    state,
    sizeBytes,
    regions: regions.map(({ region, extents }) => ({
      region,
      extents: RegionExtents.from(extents),
    })),
  }));
  const offsetBytes = writer.reach.offsetBytes + 100;
  const { notes = [] } = commit;
  const place = placed(writer, commit, machine);
  writer.addCommit({ ...commitDefaults, notes, machine, disks, ...place });
  writer.advance({ segment: 1, offsetBytes });
}

const commitDefaults = {
  consistency: 'crash',
  changedBytes: 3,
  newBytes: 2,
  storedBytes: 1,
} as const;

function placed(
  writer: IndexWriter,
  commit: ModelCommit,
  machine: number,
): Pick<IndexedCommit, 'timeMicros' | 'sequence' | 'segment' | 'offsetBytes' | 'hash'> {
  const sequence = (writer.head(machine)?.sequence ?? 0) + 1;
  return {
    timeMicros: commit.timeMicros,
    sequence,
    segment: 1,
    offsetBytes: writer.reach.offsetBytes,
    hash: new Uint8Array(32).fill(sequence),
  };
}
