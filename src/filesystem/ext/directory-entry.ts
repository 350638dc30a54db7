import type { Awaitable } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import type { DirectoryEntry, FileKind } from '../file-system.ts';
import { decodeName } from '../name-text.ts';
import type { RawEntry } from './directory-block.ts';
import type { ExtVolume } from './ext-volume.ts';
import { kindOfInode } from './file-status.ts';

/** What the numbers in a directory stand for. */
const kinds: Readonly<Record<number, FileKind>> = {
  1: 'file',
  2: 'directory',
  3: 'character-device',
  4: 'block-device',
  5: 'pipe',
  6: 'socket',
  7: 'link',
};

/**
 * An entry in the form of the contract; where the directory does not say what the file is, its inode does.
 * @param volume - the directory's
 * @param entry - as it is stored
 * @throws FILE_SYSTEM_DAMAGED, NO_SUCH_FILE when there is no such inode
 */
export function directoryEntry(volume: ExtVolume, entry: RawEntry): Awaitable<DirectoryEntry> {
  const kind = kinds[entry.fileType];
  const id = String(entry.inode);
  const name = decodeName(entry.name);
  if (kind !== undefined) return { name, id, kind };
  return andThen(volume.file(id), (inode) => ({ name, id, kind: kindOfInode(inode) }));
}
