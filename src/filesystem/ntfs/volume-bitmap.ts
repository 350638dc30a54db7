import type { ReadableDisk } from '../../disk/disk.ts';
import type { ByteRange } from '../file-system.ts';
import { attributeType } from './attribute.ts';
import { openStream } from './content.ts';
import { ntfsDamage } from './damage.ts';
import type { FileTable } from './file-table.ts';
import { loadSystemFile } from './ntfs-file.ts';
import { gatherStream } from './stream.ts';
import { systemRecord } from './system-files.ts';
import type { NtfsVolume } from './volume.ts';

/** Bytes of the bitmap read together: for 8 million clusters. */
const pieceBytes = 1024 * 1024;

/** Spans told together. */
const batchRanges = 1024;

/**
 * Opens the bitmap of clusters in use.
 * @param volume - whose
 * @param table - the records
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function openBitmap(volume: NtfsVolume, table: FileTable): Promise<ReadableDisk> {
  const file = await loadSystemFile(volume, table, systemRecord.bitmap);
  const name = { type: attributeType.data, name: '' };
  const stream = gatherStream(volume, file.attributes, name, file.place);
  if (stream === undefined) throw ntfsDamage(file.place, 'the bitmap of the volume is missing');
  return openStream(volume, stream);
}

/**
 * Spans of the volume in use. What the bitmap does not speak of is in use: the copy of the boot sector behind the last cluster, and
 * whatever follows it.
 * @param volume - whose
 * @param table - the records
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function* allocatedRanges(
  volume: NtfsVolume,
  table: FileTable,
): AsyncGenerator<readonly ByteRange[]> {
  const { clusterBytes, clusterCount } = volume.geometry;
  const bitmap = await openBitmap(volume, table);
  const spans = new SpanList(volume.disk.sizeBytes);
  const countedClusters = Math.min(clusterCount, bitmap.sizeBytes * 8);
  for (let first = 0; first < countedClusters; first += pieceBytes * 8) {
    const clusters = Math.min(pieceBytes * 8, countedClusters - first);
    const bits = new Uint8Array(Math.ceil(clusters / 8));
    await bitmap.read(bits, first / 8);
    for (const [start, end] of setBits(bits, clusters)) {
      spans.add((first + start) * clusterBytes, (first + end) * clusterBytes);
      if (spans.complete.length >= batchRanges) yield spans.take();
    }
  }
  spans.add(countedClusters * clusterBytes, volume.disk.sizeBytes);
  yield spans.finish();
}

/** Runs of bits that are set: first, and behind the last. */
function* setBits(bits: Uint8Array, count: number): Generator<readonly [number, number]> {
  let start = -1;
  for (let bit = 0; bit < count; ) {
    const byte = bits[bit >> 3]!;
    const isWhole = (bit & 7) === 0 && (byte === 0 || byte === 0xff) && bit + 8 <= count;
    const isSet = isWhole ? byte === 0xff : (byte & (1 << (bit & 7))) !== 0;
    if (isSet && start < 0) start = bit;
    if (!isSet && start >= 0) {
      yield [start, bit];
      start = -1;
    }
    bit += isWhole ? 8 : 1;
  }
  if (start >= 0) yield [start, count];
}

/** Spans in ascending order, those that touch as one. */
class SpanList {
  complete: ByteRange[] = [];
  readonly #endMax: number;
  #start = 0;
  #end = 0;

  constructor(endMax: number) {
    this.#endMax = endMax;
  }

  add(start: number, end: number): void {
    if (start !== this.#end) {
      this.#finishSpan();
      this.#start = start;
    }
    this.#end = end;
  }

  take(): readonly ByteRange[] {
    const { complete } = this;
    this.complete = [];
    return complete;
  }

  finish(): readonly ByteRange[] {
    this.#finishSpan();
    return this.take();
  }

  #finishSpan(): void {
    const end = Math.min(this.#end, this.#endMax);
    if (end > this.#start) {
      this.complete.push({ offsetBytes: this.#start, lengthBytes: end - this.#start });
    }
  }
}
