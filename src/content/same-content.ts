import type { TreePlace } from './file-tree.ts';

/** Read at once from each side, bytes. */
const pieceBytes = 256 * 1024;

/**
 * Compares the contents of two files of the same length, up to the first difference.
 * @param left - a file
 * @param right - another one, or the same at another moment
 */
export async function isSameContent(left: TreePlace, right: TreePlace): Promise<boolean> {
  const [mine, other] = [
    await left.mount!.fileSystem.open(left.status.id),
    await right.mount!.fileSystem.open(right.status.id),
  ];
  try {
    const [first, second] = [Buffer.alloc(pieceBytes), Buffer.alloc(pieceBytes)];
    for (let offset = 0; offset < mine.sizeBytes; offset += pieceBytes) {
      const length = Math.min(pieceBytes, mine.sizeBytes - offset);
      await mine.read(first.subarray(0, length), offset);
      await other.read(second.subarray(0, length), offset);
      if (!first.subarray(0, length).equals(second.subarray(0, length))) return false;
    }
    return true;
  } finally {
    await mine.close();
    await other.close();
  }
}
