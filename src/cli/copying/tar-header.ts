import { strict as assert } from 'node:assert';
import type { CopiedFile } from '../../service/copy-report.ts';

/** Size of a header, and unit of everything in an archive, bytes. */
export const tarBlockBytes = 512;

/** Type flags of entries. */
export type TarType = 'x' | '0' | '1' | '2' | '3' | '4' | '5' | '6';

/** What a header tells. */
export interface TarEntryFacts {
  /** Type of the entry; "x" holds the records for the next one. */
  readonly type: TarType;
  /** Path; what is too long is cut, for the records have it whole. */
  readonly path: Uint8Array;
  /** Target of a link. */
  readonly linkPath?: Uint8Array | undefined;
  /** The file: owner, times, device. */
  readonly file: CopiedFile;
  /** Length of the content that follows, bytes. */
  readonly sizeBytes: number;
}

/** Largest numbers that the fields hold; what is larger stands in the records. */
const sizeMax = 0o77777777777;
const ownerMax = 0o7777777;

/**
 * Writes a ustar header. The libraries at hand cannot write records with bytes that are no text, which attributes are full of; so
 * archives are written here.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 100 | path |
 * | 100 | 8 | permissions, octal, as all numbers |
 * | 108 | 8 | owner |
 * | 116 | 8 | group |
 * | 124 | 12 | length of the content |
 * | 136 | 12 | time of the last change, seconds |
 * | 148 | 8 | sum of all bytes, with this field as spaces |
 * | 156 | 1 | type |
 * | 157 | 100 | target of a link |
 * | 257 | 8 | "ustar", NUL, "00" |
 * | 329 | 8 | major number of a device |
 * | 337 | 8 | minor number of a device |
 *
 * @param facts - see TarEntryFacts
 * @source POSIX.1-2017, pax, "ustar Interchange Format"
 */
export function tarHeader(facts: TarEntryFacts): Buffer {
  const { file, type } = facts;
  const header = Buffer.alloc(tarBlockBytes);
  const put = (offset: number, length: number, value: number): void => {
    header.write(
      `${value
        .toString(8)
        .padStart(length - 1, '0')
        .slice(1 - length)}\0`,
      offset,
      'latin1',
    );
  };
  header.set(facts.path.subarray(0, 100), 0);
  put(100, 8, file.mode ?? (file.kind === 'directory' ? 0o755 : 0o644));
  put(108, 8, Math.min(file.uid ?? 0, ownerMax));
  put(116, 8, Math.min(file.gid ?? 0, ownerMax));
  put(124, 12, Math.min(facts.sizeBytes, sizeMax));
  const seconds = Math.floor(file.modifiedMicros / 1_000_000);
  put(136, 12, Math.max(0, Math.min(seconds, sizeMax)));
  header.fill(' ', 148, 156);
  header.write(type, 156, 'latin1');
  header.set((facts.linkPath ?? Buffer.alloc(0)).subarray(0, 100), 157);
  header.write('ustar\x0000', 257, 'latin1');
  put(329, 8, Math.min(file.device?.major ?? 0, ownerMax));
  put(337, 8, Math.min(file.device?.minor ?? 0, ownerMax));
  const sum = header.reduce((total, byte) => total + byte, 0);
  assert(sum < 0o1000000);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}
