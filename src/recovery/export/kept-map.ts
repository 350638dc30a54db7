import { createHash } from 'node:crypto';
import type { Micros } from '../../base/clock.ts';
import { blockBytes, nameBytesMax } from '../../base/limits.ts';
import { ByteReader } from '../../format/byte-reader.ts';
import { ByteWriter } from '../../format/byte-writer.ts';
import { FormatFault } from '../../format/format-fault.ts';
import { BlockMarks } from '../block-marks.ts';

/**
 * What a kept overlay is: which disk and moment lie below it, which file holds its blocks, and which blocks these are.
 *
 *   size field (little-endian)
 *      8 magic "SWKEPT1\n"
 *   2+ n machine: length, UTF-8
 *   2+ n disk: length, UTF-8
 *      8 time of the view below, microseconds since 1970
 *      8 size of the disk, bytes
 *      8 number of the scratch file
 *   2+ n key of the scratch file, as its keeper wrapped it: length, bytes
 *      4 number of runs, r
 * r × 16 first block (8), blocks (8), in order
 *     32 SHA-256 of everything before
 */
export interface KeptMap {
  /** Disk below. */
  readonly name: { readonly machine: string; readonly disk: string };
  /** Moment below. */
  readonly timeMicros: Micros;
  /** Number in the scratch file's name. */
  readonly scratchNumber: number;
  /** Key of the scratch file, wrapped; at most 65,535 bytes. */
  readonly wrappedKey: Uint8Array;
  /** Changed blocks, and the size of the disk. */
  readonly marks: BlockMarks;
}

const magic = Buffer.from('SWKEPT1\n', 'latin1');
const hashBytes = 32;
const runBytes = 16;

/**
 * Encodes a map.
 * @param map - its fields
 */
export function encodeKeptMap(map: KeptMap): Uint8Array {
  const { marks, wrappedKey } = map;
  const { spanCount } = marks.totals();
  const writer = new ByteWriter(1024 + spanCount * runBytes);
  writer.bytes(magic).text(map.name.machine).text(map.name.disk);
  writer.u64(map.timeMicros).u64(marks.sizeBytes).u64(map.scratchNumber);
  writer.u16(wrappedKey.length).bytes(wrappedKey).u32(spanCount);
  for (const { offsetBytes, lengthBytes } of marks.spans()) {
    writer.u64(offsetBytes / blockBytes).u64(Math.ceil(lengthBytes / blockBytes));
  }
  return writer.bytes(hashOf(writer.finish())).finish();
}

/**
 * Decodes a map.
 * @param bytes - whole file
 * @throws FormatFault when it is damaged
 */
export function decodeKeptMap(bytes: Uint8Array): KeptMap {
  const content = bytes.subarray(0, Math.max(bytes.length - hashBytes, 0));
  if (!hashOf(content).equals(bytes.subarray(content.length))) {
    throw new FormatFault('its checksum does not agree', content.length);
  }
  const reader = new ByteReader(content);
  if (!magic.equals(reader.bytes(magic.length))) throw new FormatFault('it is something else', 0);
  const name = { machine: reader.text(nameBytesMax), disk: reader.text(nameBytesMax) };
  const timeMicros = reader.u64();
  const marks = new BlockMarks(reader.u64());
  const scratchNumber = reader.u64();
  const wrappedKey = Uint8Array.from(reader.bytes(reader.u16()));
  readRuns(reader, marks);
  reader.end();
  return { name, timeMicros, scratchNumber, wrappedKey, marks };
}

function readRuns(reader: ByteReader, marks: BlockMarks): void {
  const blocksMax = Math.ceil(marks.sizeBytes / blockBytes);
  let endBlock = 0;
  for (let count = reader.count(runBytes); count > 0; count--) {
    const firstBlock = reader.u64();
    const blockCount = reader.u64();
    if (firstBlock < endBlock || blockCount === 0 || firstBlock + blockCount > blocksMax) {
      throw new FormatFault('a run of blocks is out of place', reader.position);
    }
    endBlock = firstBlock + blockCount;
    marks.add(firstBlock * blockBytes, blockCount * blockBytes);
  }
}

function hashOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
