import { findingOf } from '../damage.ts';
import type { Finding, WalkedFile } from '../file-system.ts';
import { decodeName } from '../name-text.ts';
import { XfsDirectory } from './directory.ts';
import type { XfsEntry } from './directory-entries.ts';
import type { XfsInode } from './inode.ts';
import { readInode } from './inodes.ts';
import { kindOf, statusOf } from './status.ts';
import { allInodeChunks } from './used-inodes.ts';
import type { XfsVolume } from './volume.ts';

/** Files gathered before a batch is given out. */
const batchFiles = 1024;

/**
 * Every file with every name. Directories are taken in the order in which their inodes lie, for XFS puts the files of a directory near
 * it: so metadata is read nearly in the order of the disk, and no tree of directories, however deep or circular, is climbed.
 * @param volume - the volume
 * @param onFinding - hears what could not be read
 */
export async function* walkFiles(
  volume: XfsVolume,
  onFinding: (finding: Finding) => void,
): AsyncGenerator<readonly WalkedFile[]> {
  let batch: WalkedFile[] = [];
  const onDamage = (error: unknown): void => onFinding(findingOf(error, 'inodes'));
  for await (const chunks of allInodeChunks(volume, onDamage)) {
    for (const number of chunks.flatMap(({ used }) => used)) {
      const directory = await usedDirectory(volume, number, onDamage);
      if (directory === undefined) continue;
      for await (const files of filesOf(volume, directory, onDamage)) {
        batch.push(...files);
        if (batch.length < batchFiles) continue;
        yield batch;
        batch = [];
      }
    }
  }
  if (batch.length > 0) yield batch;
}

/** The inode if it is a directory that has a name; only a directory itself is worth a finding, its files have their own. */
async function usedDirectory(
  volume: XfsVolume,
  number: number,
  onDamage: (error: unknown) => void,
): Promise<XfsInode | undefined> {
  try {
    const found = readInode(volume, number);
    const inode = found instanceof Promise ? await found : found;
    return kindOf(inode) === 'directory' && inode.linkCount > 0 ? inode : undefined;
  } catch (error) {
    onDamage(error);
    return undefined;
  }
}

async function* filesOf(
  volume: XfsVolume,
  inode: XfsInode,
  onDamage: (error: unknown) => void,
): AsyncGenerator<readonly WalkedFile[]> {
  const parent = String(inode.number);
  const directory = new XfsDirectory(volume, inode);
  try {
    for await (const entries of directory.entries(onDamage)) {
      const files: WalkedFile[] = [];
      for (const entry of entries) {
        const found = fileOf(volume, parent, entry, onDamage);
        const file = found instanceof Promise ? await found : found;
        if (file !== undefined) files.push(file);
      }
      yield files;
    }
  } catch (error) {
    onDamage(error);
  }
}

function fileOf(
  volume: XfsVolume,
  parent: string,
  entry: XfsEntry,
  onDamage: (error: unknown) => void,
): WalkedFile | undefined | Promise<WalkedFile | undefined> {
  const describe = (inode: XfsInode): WalkedFile | undefined => {
    if (inode.mode !== 0)
      return { parent, name: decodeName(entry.name), status: statusOf(volume, inode) };
    const place = { structure: `inode ${parent}, directory`, offsetBytes: inode.data.offsetBytes };
    onDamage(volume.damage(place, `it names inode ${entry.inode}, which is free`));
    return undefined;
  };
  const fail = (error: unknown): WalkedFile | undefined => {
    onDamage(error);
    return undefined;
  };
  try {
    const found = readInode(volume, entry.inode);
    return found instanceof Promise ? found.then(describe).catch(fail) : describe(found);
  } catch (error) {
    return fail(error);
  }
}
