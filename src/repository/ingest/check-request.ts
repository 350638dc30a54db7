import { strict as assert } from 'node:assert';
import { SecondwindError } from '../../base/errors.ts';
import {
  blockBytes,
  commitBytesMax,
  diskBytesMax,
  nameBytesMax,
  regionBlocks,
} from '../../base/limits.ts';
import { chunkNameBytes } from '../../format/chunk-group.ts';
import { commitExtentBytes, commitTextBytesMax } from '../../format/commit-record.ts';
import type { CommitRequest, DiskChange } from '../contract.ts';

/** Bytes of a record for one region: its number, the number of its extents, and one extent. */
const regionBytesInRecord = 6 + commitExtentBytes;
/** Bytes of a record for a name, a disk or a note, beside its words. */
const rowBytesInRecord = 64;

/**
 * Checks a commit before anything of it is stored: what was stored must be readable for ever, so whatever decoding a
 * record refuses is refused here first.
 * @param request - of a source
 * @throws LIMIT_EXCEEDED for words that are too long, and commits that are too large
 */
export function checkRequest(request: CommitRequest): void {
  const { machine, timeMicros, disks, notes = [] } = request;
  assert(Number.isSafeInteger(timeMicros) && timeMicros >= 0, 'a commit has an impossible time');
  checkText('the length of the machine name', machine, nameBytesMax);
  let recordBytes = (disks.length + notes.length + 4) * rowBytesInRecord;
  for (const change of disks) {
    checkText('the length of the disk name', change.disk, nameBytesMax);
    recordBytes += change.disk.length * 4 + recordBytesOf(change);
  }
  for (const { disk = '', text, fromMicros = 0 } of notes) {
    checkText('the length of the disk name', disk, nameBytesMax);
    checkText('the length of the note', text, commitTextBytesMax);
    assert(Number.isSafeInteger(fromMicros) && fromMicros >= 0, 'a note has an impossible time');
    recordBytes += commitTextBytesMax;
  }
  limit('the record of a commit', recordBytes, commitBytesMax);
}

/** @returns most bytes that the disk's part of the record can take */
function recordBytesOf({ sizeBytes, runs }: DiskChange): number {
  assert(Number.isSafeInteger(sizeBytes) && sizeBytes >= 0, 'a disk has an impossible size');
  limit('the size of the disk', sizeBytes, diskBytesMax);
  const blockCountMax = Math.ceil(sizeBytes / blockBytes);
  let nextBlock = 0;
  let recordBytes = 0;
  for (const { firstBlock, blockCount, data, isExcluded } of runs) {
    assert(isExcluded !== true || data === undefined, 'what was excluded has no data');
    assert(firstBlock >= nextBlock && blockCount >= 1, 'runs are sorted and do not overlap');
    nextBlock = firstBlock + blockCount;
    assert(nextBlock <= blockCountMax, 'a run ends behind the disk');
    recordBytes += (Math.floor(blockCount / regionBlocks) + 2) * regionBytesInRecord;
    if (data === undefined) continue;
    assert(data.length === blockCount * blockBytes, 'a run has the data of its blocks');
    recordBytes += blockCount * (chunkNameBytes + regionBytesInRecord);
  }
  return recordBytes;
}

function checkText(what: string, text: string, bytesMax: number): void {
  limit(what, Buffer.byteLength(text), bytesMax);
}

function limit(what: string, value: number, max: number): void {
  if (value > max) throw new SecondwindError('LIMIT_EXCEEDED', { what, value, limit: max });
}
