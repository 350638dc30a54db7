import { btrfsReader } from './btrfs/reader.ts';
import { exfatReader } from './exfat/exfat-reader.ts';
import { extReader } from './ext/ext-reader.ts';
import { fatReader } from './fat/fat-reader.ts';
import type { FileSystemReader } from './file-system.ts';
import { isoReader } from './iso/iso-reader.ts';
import { ntfsReader } from './ntfs/ntfs-reader.ts';
import { xfsReader } from './xfs/reader.ts';

/** Every kind of file system that can be read; a new reader is one more line here. */
export const fileSystemReaders: readonly FileSystemReader[] = [
  exfatReader,
  btrfsReader,
  extReader,
  fatReader,
  ntfsReader,
  xfsReader,
  isoReader,
];
