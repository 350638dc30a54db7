import { findingOf } from '../damage.ts';
import type { Finding, WalkedFile } from '../file-system.ts';
import { BlockClaims } from './block-claims.ts';
import { checkGroups } from './check-groups.ts';
import type { ExtVolume } from './ext-volume.ts';
import { fileBlocks } from './file-blocks.ts';
import { type ExtInode, inodeFlags, modeKindMask, modeKinds } from './inode.ts';
import { attributesInBlock, attributesInInode } from './inode-attributes.ts';
import { NumberCounts } from './number-counts.ts';
import { scanInodes } from './scan-inodes.ts';
import { ExtWalk } from './walk.ts';

const firstFileInode = 11;
const rootInode = 2;
/** What a directory of more subdirectories than fit counts as its names. */
const uncounted = 1;

/**
 * Walks every structure and tells what is wrong: groups, names, then inode by inode with all blocks of each.
 * @param volume - to be looked at
 */
export async function* checkVolume(volume: ExtVolume): AsyncGenerator<Finding> {
  if (volume.superblock.hasErrors) {
    yield {
      severity: 'note',
      structure: 'superblock',
      reason: 'its system has noted errors in it',
    };
  }
  yield* checkGroups(volume);
  const names = new NumberCounts();
  yield* checkNames(volume, names);
  yield* checkInodes(volume, names);
}

/** Reads every directory and counts the names that each inode has. */
async function* checkNames(volume: ExtVolume, names: NumberCounts): AsyncGenerator<Finding> {
  const findings: Finding[] = [];
  names.add(rootInode, 2);
  for await (const batch of new ExtWalk(volume, (finding) => findings.push(finding)).files()) {
    for (const file of batch) countNames(file, names);
    yield* findings.splice(0);
  }
  yield* findings;
}

/** A directory is named by its parent and by its own "."; and its ".." names its parent. */
function countNames({ parent, status }: WalkedFile, names: NumberCounts): void {
  const isDirectory = status.kind === 'directory';
  names.add(Number(status.id), isDirectory ? 2 : 1);
  if (isDirectory) names.add(Number(parent), 1);
}

async function* checkInodes(volume: ExtVolume, names: NumberCounts): AsyncGenerator<Finding> {
  const claims = new BlockClaims(volume);
  const findings: Finding[] = [];
  const onDamage = (error: unknown): void => void findings.push(findingOf(error, 'inode table'));
  for await (const inodes of scanInodes(volume, onDamage)) {
    for (const inode of inodes) {
      const wrong = wrongNames(inode, names);
      if (wrong !== undefined) yield wrong;
      yield* checkInode(volume, inode, claims);
    }
    yield* findings.splice(0);
  }
  yield* findings;
  yield* claims.summary();
}

function wrongNames(inode: ExtInode, names: NumberCounts): Finding | undefined {
  const { number, linkCount, offsetBytes } = inode;
  const isReserved = number < firstFileInode && number !== rootInode;
  if (isReserved || (inode.flags & inodeFlags.holdsAttribute) !== 0) return undefined;
  const found = names.get(number);
  const isDirectory = (inode.mode & modeKindMask) === modeKinds.directory;
  if (found === linkCount || (isDirectory && linkCount === uncounted && found > 0))
    return undefined;
  const reason =
    found === 0 ? 'it has no name' : `it says it has ${linkCount} names, and ${found} were found`;
  return { severity: 'note', structure: `inode ${number}`, offsetBytes, reason };
}

async function* checkInode(
  volume: ExtVolume,
  inode: ExtInode,
  claims: BlockClaims,
): AsyncGenerator<Finding> {
  try {
    volume.soundInode(inode);
    attributesInInode(volume, inode);
    await attributesInBlock(volume, inode);
    for await (const runs of fileBlocks(volume, inode)) {
      for (const run of runs) {
        const finding = await claims.claim(inode, run);
        if (finding === undefined) continue;
        yield finding;
        return;
      }
    }
  } catch (error) {
    yield findingOf(error, `inode ${inode.number}`);
  }
}
