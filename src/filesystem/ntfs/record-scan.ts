import { findingOf } from '../damage.ts';
import type { Finding } from '../file-system.ts';
import { attributeType } from './attribute.ts';
import { decodeFileRecord, type FileRecord, isFileRecord, recordName } from './file-record.ts';
import type { FileTable } from './file-table.ts';
import { gatherStream, type Stream, spanAt, streamBytes } from './stream.ts';
import type { NtfsVolume } from './volume.ts';

/** Records read together, bytes. */
const batchBytes = 1024 * 1024;

/** Records that were read together. */
interface RawBatch {
  /** Number of the first one. */
  readonly first: number;
  readonly bytes: Uint8Array;
}

/**
 * Every record in use, base records and extensions, in the order of the table, read in long pieces of which the next one is on its way
 * while one is looked at.
 * @param volume - where they lie
 * @param table - the records
 * @param onFinding - hears which records that are in use cannot be read
 * @returns batches; the records of one borrow a buffer that is filled anew when the next one is asked for
 */
export async function* scanRecords(
  volume: NtfsVolume,
  table: FileTable,
  onFinding: (finding: Finding) => void,
): AsyncGenerator<readonly FileRecord[]> {
  const inUse = new RecordBitmap(volume, table);
  const { recordBytes } = volume.geometry;
  const step = Math.max(1, Math.floor(batchBytes / recordBytes));
  const lengthBytes = Math.min(step, table.recordCount) * recordBytes;
  const buffers = [new Uint8Array(lengthBytes), new Uint8Array(lengthBytes)] as const;
  let next = readBatch(volume, table, 0, buffers[0]);
  for (let first = 0, turn = 1; first < table.recordCount; first += step, turn = 1 - turn) {
    const batch = await next;
    next = readBatch(volume, table, first + step, buffers[turn === 0 ? 0 : 1]);
    // Whoever stops listening does not wait for the batch on its way, whose failure is then nobody's.
    next.catch(() => undefined);
    const isMarked = await inUse.marks(first, step);
    yield decodeBatch(volume, table, { ...batch, isMarked, onFinding });
  }
}

async function readBatch(
  volume: NtfsVolume,
  table: FileTable,
  first: number,
  buffer: Uint8Array,
): Promise<RawBatch> {
  const { recordBytes } = volume.geometry;
  const restBytes = Math.max(table.recordCount - first, 0) * recordBytes;
  const bytes = buffer.subarray(0, restBytes);
  for (let done = 0; done < bytes.length; ) {
    const span = spanOrRest(volume, table, first * recordBytes + done, bytes.length - done);
    const part = bytes.subarray(done, done + span.lengthBytes);
    if (span.volumeOffsetBytes === undefined) part.fill(0);
    else await volume.disk.read(part, span.volumeOffsetBytes);
    done += part.length;
  }
  return { first, bytes };
}

/** A part of the table that nobody knows the place of reads as zeroes here, and is found damaged record by record. */
function spanOrRest(
  volume: NtfsVolume,
  table: FileTable,
  offsetBytes: number,
  restBytes: number,
): { readonly lengthBytes: number; readonly volumeOffsetBytes?: number | undefined } {
  const { runs } = table.stream;
  if (offsetBytes >= runs.endCluster * volume.geometry.clusterBytes)
    return { lengthBytes: restBytes };
  const { lengthBytes, volumeOffsetBytes } = spanAt(volume, table.stream, offsetBytes);
  if (volumeOffsetBytes === undefined) return { lengthBytes };
  const insideBytes = volume.disk.sizeBytes - volumeOffsetBytes;
  return insideBytes > 0
    ? { lengthBytes: Math.min(lengthBytes, insideBytes), volumeOffsetBytes }
    : { lengthBytes };
}

interface MarkedBatch extends RawBatch {
  readonly isMarked: (number: number) => boolean;
  readonly onFinding: (finding: Finding) => void;
}

function decodeBatch(volume: NtfsVolume, table: FileTable, batch: MarkedBatch): FileRecord[] {
  const { recordBytes } = volume.geometry;
  const records: FileRecord[] = [];
  for (let at = 0; at < batch.bytes.length; at += recordBytes) {
    const number = batch.first + at / recordBytes;
    const bytes = batch.bytes.subarray(at, at + recordBytes);
    if (!isFileRecord(bytes) && !batch.isMarked(number)) continue;
    try {
      const record = decodeFileRecord(bytes, number, table.offsetOf(number));
      if (record.isInUse) records.push(record);
    } catch (error) {
      if (batch.isMarked(number)) batch.onFinding(findingOf(error, recordName(number)));
    }
  }
  return records;
}

/** Which records the table itself says are in use. */
class RecordBitmap {
  readonly #volume: NtfsVolume;
  readonly #stream: Stream | undefined;

  constructor(volume: NtfsVolume, table: FileTable) {
    this.#volume = volume;
    const name = { type: attributeType.bitmap, name: '' };
    this.#stream = gatherStream(volume, table.own.attributes, name, table.stream.place);
  }

  /** Without a bitmap every record that should be there is taken to be in use. */
  async marks(first: number, count: number): Promise<(number: number) => boolean> {
    const start = Math.floor(first / 8);
    const restBytes = (this.#stream?.sizeBytes ?? 0) - start;
    const lengthBytes = Math.min(Math.ceil(count / 8) + 1, restBytes);
    if (this.#stream === undefined || lengthBytes <= 0) return () => true;
    const bits = await streamBytes(this.#volume, this.#stream, { offsetBytes: start, lengthBytes });
    return (number) => (bits[(number >> 3) - start]! & (1 << (number & 7))) !== 0;
  }
}
