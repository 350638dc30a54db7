import { open } from 'node:fs/promises';

/**
 * LMDB maps its file into memory, and reading a mapped page behind the file's end kills the process. After a crash the
 * file may be shorter than its meta pages say, so it is made as long: the missing pages then read as zeroes, which LMDB
 * reports as an error when it needs one of them (it need not: the last pages may be free ones).
 * A meta record stands 24 bytes into page 0 and page 1, and once more half a page further on for the last flushed state.
 */
const pageBytes = 4096;
const metaOffsets = [0, 2048, 4096, 6144];
const headerBytes = 24;
const magic = 0xbeefc0de;
const lastPageOffsetBytes = 120;

/**
 * Makes a data file as long as its meta records say.
 * @param dataFile - path of an existing LMDB file that nobody has open
 * @param mapBytes - the largest size it may have; a record that says more is left for LMDB to refuse
 * @throws system errors
 */
export async function padDataFile(dataFile: string, mapBytes: number): Promise<void> {
  const handle = await open(dataFile, 'r+');
  try {
    const head = Buffer.alloc(2 * pageBytes);
    await handle.read(head, 0, head.length, 0);
    const { size } = await handle.stat();
    const neededBytes = Math.max(...metaOffsets.map((offset) => sizeIn(head, offset)));
    if (size < neededBytes && neededBytes <= mapBytes) await handle.truncate(neededBytes);
  } finally {
    await handle.close();
  }
}

function sizeIn(head: Buffer, offset: number): number {
  const at = offset + headerBytes;
  if (head.readUInt32LE(at) !== magic) return 0;
  return (Number(head.readBigUInt64LE(at + lastPageOffsetBytes)) + 1) * pageBytes;
}
