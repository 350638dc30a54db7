// $LogFile, the journal of metadata. Its first two pages say whether it was closed; the newer of the two counts.
//
//   page:                                        restart area:
//     0x00    4 "RSTR"                             0x00    8 newest record: tells which page is newer
//     0x10    4 length of a page                   0x0c    2 first client in use; −1 when none
//     0x18    2 offset of the restart area         0x0e    2 flags: 2 when the volume was unmounted
import { u16le, u32le, u64le } from '../integers.ts';
import { attributeType } from './attribute.ts';
import type { FileTable } from './file-table.ts';
import { loadSystemFile } from './ntfs-file.ts';
import { gatherStream, type Stream, streamBytes } from './stream.ts';
import { systemRecord } from './system-files.ts';
import type { NtfsVolume } from './volume.ts';

const headBytes = 512;
const pageBytesMax = 65_536;
const noClient = 0xffff;
const cleanFlag = 2;

/** What one of the two pages says. */
interface RestartPage {
  readonly newestRecord: number;
  readonly isClean: boolean;
  readonly pageBytes: number;
}

/**
 * Whether the journal holds changes that are not in place yet. One that was never used, or emptied, holds none.
 * @param volume - whose
 * @param table - its records
 * @throws FILE_SYSTEM_DAMAGED
 * @source Linux 2.6 fs/ntfs/logfile.h
 */
export async function isLogDirty(volume: NtfsVolume, table: FileTable): Promise<boolean> {
  const file = await loadSystemFile(volume, table, systemRecord.logFile);
  const name = { type: attributeType.data, name: '' };
  const stream = gatherStream(volume, file.attributes, name, file.place);
  if (stream === undefined) return false;
  const first = await restartPageAt(volume, stream, 0);
  if (first === undefined) return false;
  const second = await restartPageAt(volume, stream, first.pageBytes);
  const newer = second !== undefined && second.newestRecord > first.newestRecord ? second : first;
  return !newer.isClean;
}

async function restartPageAt(
  volume: NtfsVolume,
  stream: Stream,
  offsetBytes: number,
): Promise<RestartPage | undefined> {
  if (offsetBytes + headBytes > stream.sizeBytes) return undefined;
  return decodeRestartPage(
    await streamBytes(volume, stream, { offsetBytes, lengthBytes: headBytes }),
  );
}

function decodeRestartPage(bytes: Uint8Array): RestartPage | undefined {
  const areaAt = u16le(bytes, 0x18);
  const pageBytes = u32le(bytes, 0x10);
  const isSound = u32le(bytes, 0) === 0x5254_5352 && areaAt + 0x10 < headBytes - 2;
  if (!isSound || pageBytes < headBytes || pageBytes > pageBytesMax) return undefined;
  const isClosed = u16le(bytes, areaAt + 0x0c) === noClient;
  const isClean = isClosed || (u16le(bytes, areaAt + 0x0e) & cleanFlag) !== 0;
  return { newestRecord: u64le(bytes, areaAt), isClean, pageBytes };
}
