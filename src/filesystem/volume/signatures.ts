import type { ReadableDisk } from '../../disk/disk.ts';
import { readAt } from './read-at.ts';

/** What a magic number at a place of a volume means. */
interface Signature {
  /** Where, bytes. */
  readonly offsetBytes: number;
  /** The bytes there. */
  readonly magic: Buffer;
  /** Why nobody can look inside. */
  readonly refusal: string;
}

const text = (offsetBytes: number, magic: string, refusal: string): Signature => ({
  offsetBytes,
  magic: Buffer.from(magic, 'latin1'),
  refusal,
});

const hex = (offsetBytes: number, magic: string, refusal: string): Signature => ({
  offsetBytes,
  magic: Buffer.from(magic, 'hex'),
  refusal,
});

const bitLocker = 'it is encrypted with BitLocker';
const swap = 'it is swap space and holds no files';

/** Whoever writes these overwrites what a file system would begin with, so they are believed before any file system is looked for. */
const certain: readonly Signature[] = [
  hex(0, '4c554b53babe0001', 'it is encrypted with LUKS 1'),
  hex(0, '4c554b53babe0002', 'it is encrypted with LUKS 2'),
  text(3, '-FVE-FS-', bitLocker),
  hex(424, '3bd66749292ed84a8399f6a339e3d001', bitLocker),
  text(3, 'ReFS\0\0\0\0', 'it holds ReFS, whose layout is not published'),
];

/** These can be left over from an earlier use, so they count only where no file system is recognised. */
const possible: readonly Signature[] = [
  ...[4096, 8192, 16384, 65536].flatMap((pageBytes) => [
    text(pageBytes - 10, 'SWAPSPACE2', swap),
    text(pageBytes - 10, 'SWAP-SPACE', swap),
  ]),
  hex(4096 + 24, 'c68573f64e1a45ca8265f57f48ba6d81', 'it belongs to a bcache'),
  text(4096, 'SPACEDB ', 'it belongs to a pool of Windows Storage Spaces'),
  text(32, 'NXSB', 'it holds APFS, which is not read'),
  text(32, 'ORCLDISK', 'it belongs to Oracle ASM'),
  text(0, 'bluestore block device\n', 'it belongs to Ceph'),
  text(0, 'dmvdo001', 'it belongs to a VDO volume'),
  text(0, 'hsqs', 'it holds SquashFS, which is not read'),
  hex(1024, '1020f5f2', 'it holds F2FS, which is not read'),
  hex(1024, 'e2e1f5e0', 'it holds EROFS, which is not read'),
  text(1024, 'H+\0\x04', 'it holds HFS+, which is not read'),
  text(1024, 'HX\0\x05', 'it holds HFS+, which is not read'),
  text(32768, 'JFS1', 'it holds JFS, which is not read'),
  text(32769, 'BEA01', 'it holds UDF, which is not read'),
  text(65536 + 52, 'ReIsEr2Fs', 'it holds ReiserFS, which is not read'),
  text(65536 + 52, 'ReIsEr3Fs', 'it holds ReiserFS, which is not read'),
];

/** These lie too far behind the others to be read with them. */
const far: readonly Signature[] = [
  hex(1024 * 1024, '0dd001c0', 'it belongs to a VMware VMFS datastore'),
  hex(2 * 1024 * 1024, '5ef1ab2f', 'it holds VMware VMFS'),
];

/** As much of a volume's beginning as most signatures need, bytes: the first label of ZFS. */
export const signatureHeadBytes: number = 256 * 1024;

/**
 * What the beginning of a volume surely is.
 * @param head - its first bytes, as many as there are
 * @returns why nobody can look inside; undefined when nothing says so
 */
export function certainRefusal(head: Buffer): string | undefined {
  return find(certain, head);
}

/**
 * What the beginning of a volume is when no file system was recognised there.
 * @param head - its first bytes, as many as there are
 * @returns why nobody can look inside; undefined when nothing says so
 */
export function possibleRefusal(head: Buffer): string | undefined {
  return find(possible, head) ?? (hasUberblock(head) ? 'it belongs to a ZFS pool' : undefined);
}

/**
 * What a volume is by signatures that lie far behind its beginning.
 * @param volume - asked only when nothing else is known
 * @returns why nobody can look inside; undefined when nothing says so
 */
export async function farRefusal(volume: ReadableDisk): Promise<string | undefined> {
  for (const { offsetBytes, magic, refusal } of far) {
    const found = await readAt(volume, offsetBytes, magic.length);
    if (found?.equals(magic) === true) return refusal;
  }
  return undefined;
}

function find(signatures: readonly Signature[], head: Buffer): string | undefined {
  return signatures.find(({ offsetBytes, magic }) =>
    head.subarray(offsetBytes, offsetBytes + magic.length).equals(magic),
  )?.refusal;
}

/** ZFS keeps a ring of 128 uberblocks in the second half of each 256 KiB label, in either byte order. */
function hasUberblock(head: Buffer): boolean {
  const magic = 0x00bab10c;
  for (let at = 128 * 1024; at + 8 <= Math.min(head.length, 256 * 1024); at += 1024) {
    const isLittle = head.readUInt32LE(at) === magic && head.readUInt32LE(at + 4) === 0;
    const isBig = head.readUInt32BE(at + 4) === magic && head.readUInt32BE(at) === 0;
    if (isLittle || isBig) return true;
  }
  return false;
}
