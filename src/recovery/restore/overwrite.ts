import { blockBytes, restoreHeadBytes } from '../../base/limits.ts';
import type { WritableDisk } from '../../disk/disk.ts';
import type { BlockMarks } from '../block-marks.ts';
import type { ByteSpan } from '../disk-pieces.ts';
import { unfinishedHead } from './unfinished-mark.ts';
import { type WriteOptions, writePieces } from './write-pieces.ts';

/**
 * Writes marked blocks over something that exists, so that whatever interrupts it can be seen and mended by doing it again.
 * The durability order stands here: the mark of an unfinished restore takes the place of the disk's head and is stable before
 * anything else changes; everything else is stable before the head returns; its first block, which holds the mark, is last.
 * @param options - see WriteOptions
 * @param marks - blocks to write
 * @param what - what is restored, for the mark
 * @throws INTERRUPTED, and what the view or the target throws; the target then carries the mark
 */
export async function overwrite(
  options: WriteOptions,
  marks: BlockMarks,
  what: string,
): Promise<void> {
  const { target } = options;
  if (!goesBeyondHead(marks)) {
    await writeStable(options, marks.spans());
    return;
  }
  await mark(target, what);
  await writeStable(options, marks.spans(restoreHeadBytes));
  await writeStable(options, [
    { offsetBytes: blockBytes, lengthBytes: restoreHeadBytes - blockBytes },
  ]);
  await writeStable(options, [{ offsetBytes: 0, lengthBytes: blockBytes }]);
}

/**
 * Counts what overwriting will write.
 * @param marks - blocks to write
 * @returns bytes, the head included where it has to be written again
 */
export function overwrittenBytes(marks: BlockMarks): number {
  if (!goesBeyondHead(marks)) return marks.totals().totalBytes;
  let totalBytes = restoreHeadBytes;
  for (const span of marks.spans(restoreHeadBytes)) totalBytes += span.lengthBytes;
  return totalBytes;
}

/** The first block goes first: a head that is blank behind a block that is not would be a mixture without a mark. */
async function mark(target: WritableDisk, what: string): Promise<void> {
  const head = unfinishedHead(what);
  await target.write(head.subarray(0, blockBytes), 0);
  await target.flush();
  await target.write(head.subarray(blockBytes), blockBytes);
  await target.flush();
}

function goesBeyondHead(marks: BlockMarks): boolean {
  return (
    marks.sizeBytes > restoreHeadBytes && !(marks.spans(restoreHeadBytes).next().done ?? false)
  );
}

async function writeStable(options: WriteOptions, spans: Iterable<ByteSpan>): Promise<void> {
  await writePieces(options, spans);
  await options.target.flush();
}
