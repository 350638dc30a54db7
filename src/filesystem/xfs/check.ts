import { findingOf } from '../damage.ts';
import type { Finding } from '../file-system.ts';
import { readAttributes } from './attributes.ts';
import { XfsDirectory } from './directory.ts';
import { freeRuns, freeSpaceTree } from './free-space.ts';
import { readFreeSpaceHeader, readInodeHeader } from './group-headers.ts';
import type { XfsInode } from './inode.ts';
import { type InodeChunk, inodeChunks, inodeTree } from './inode-chunks.ts';
import { readInode } from './inodes.ts';
import { readLinkTarget } from './link-target.ts';
import { inodeOwners } from './ownership.ts';
import { kindOf } from './status.ts';
import type { XfsVolume } from './volume.ts';

/**
 * Walks every structure of a volume.
 * @param volume - the volume
 */
export async function* checkVolume(volume: XfsVolume): AsyncGenerator<Finding> {
  for (let group = 0; group < volume.superblock.groupCount; group += 1) {
    yield* caught(freeSpaceFindings(volume, group), `group ${group}, free space`);
    yield* caught(inodeFindings(volume, group), `group ${group}, inodes`);
  }
}

/** Damage that a structure throws becomes its last finding. */
async function* caught(
  findings: AsyncGenerator<Finding>,
  structure: string,
): AsyncGenerator<Finding> {
  try {
    yield* findings;
  } catch (error) {
    yield findingOf(error, structure);
  }
}

async function* freeSpaceFindings(volume: XfsVolume, group: number): AsyncGenerator<Finding> {
  const { freeBlockCount } = await readFreeSpaceHeader(volume, group);
  let foundCount = 0;
  for await (const runs of freeRuns(volume, await freeSpaceTree(volume, group)))
    for (const { blockCount } of runs) foundCount += blockCount;
  if (foundCount === freeBlockCount) return;
  const structure = `group ${group}, free space`;
  yield note(structure, `its header counts ${freeBlockCount} blocks, its tree ${foundCount}`);
}

async function* inodeFindings(volume: XfsVolume, group: number): AsyncGenerator<Finding> {
  const header = await readInodeHeader(volume, group);
  const damaged: Finding[] = [];
  const onDamage = (error: unknown): void => void damaged.push(findingOf(error, 'inodes'));
  let presentCount = 0;
  for await (const chunks of inodeChunks(volume, inodeTree(group, header.inodes, onDamage))) {
    for (const chunk of chunks) {
      presentCount += chunk.presentCount;
      yield* chunkFindings(volume, chunk);
    }
  }
  yield* damaged;
  if (damaged.length > 0 || presentCount === header.inodeCount) return;
  const structure = `group ${group}, inodes`;
  yield note(structure, `its header counts ${header.inodeCount}, its tree ${presentCount}`);
}

async function* chunkFindings(volume: XfsVolume, chunk: InodeChunk): AsyncGenerator<Finding> {
  for (const number of chunk.used) yield* caught(fileFindings(volume, number), `inode ${number}`);
}

async function* fileFindings(volume: XfsVolume, number: number): AsyncGenerator<Finding> {
  const inode = await readInode(volume, number);
  if (inode.mode === 0) {
    yield {
      severity: 'damage',
      structure: `inode ${number}`,
      offsetBytes: volume.inodeOffset(number),
      reason: 'the tree of inodes has it in use, and it is free',
    };
    return;
  }
  await readOwners(volume, inode);
  if (kindOf(inode) === 'link') await readLinkTarget(volume, inode);
  await readAttributes(volume, inode);
  if (kindOf(inode) === 'directory') yield* nameFindings(volume, inode);
}

/** Every tree and list of extents is read, for the damage that shows on the way. */
async function readOwners(volume: XfsVolume, inode: XfsInode): Promise<void> {
  const owners = inodeOwners(volume, inode);
  while ((await owners.next()).done !== true);
}

async function* nameFindings(volume: XfsVolume, inode: XfsInode): AsyncGenerator<Finding> {
  const findings: Finding[] = [];
  const directory = new XfsDirectory(volume, inode);
  const onDamage = (error: unknown): void => void findings.push(findingOf(error, 'directory'));
  for await (const entries of directory.entries(onDamage)) {
    for (const entry of entries) {
      if (volume.inodeOffset(entry.inode) !== undefined) continue;
      findings.push({
        severity: 'damage',
        structure: directory.structure,
        offsetBytes: inode.data.offsetBytes,
        reason: `a name leads to inode ${entry.inode}, which cannot be`,
      });
    }
    yield* findings.splice(0);
  }
  yield* findings;
}

function note(structure: string, reason: string): Finding {
  return { severity: 'note', structure, reason };
}
