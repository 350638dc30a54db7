import { extentQuestionsMax, nbdDescriptorsMax } from '../../base/limits.ts';
import type { DiskExtent, ReadableDisk } from '../../disk/disk.ts';
import { ExtentList } from '../../disk/extent-list.ts';
import type { ReplySpan } from '../protocol/reply.ts';

/**
 * Asks a disk for the allocation of a span, as far as a bounded number of questions reaches.
 * @param disk - to ask
 * @param span - inside the disk, more than 0 bytes
 * @param isOneEnough - whether only the first run is wanted
 * @returns runs from the span's start, at least one, together at most the span
 */
export async function allocationOf(
  disk: ReadableDisk,
  span: ReplySpan,
  isOneEnough: boolean,
): Promise<readonly DiskExtent[]> {
  const list = new ExtentList();
  const runsMax = isOneEnough ? 1 : nbdDescriptorsMax;
  for (let question = 0; question < extentQuestionsMax; question += 1) {
    const leftBytes = span.lengthBytes - list.coveredBytes;
    if (leftBytes === 0 || list.extents.length > runsMax) break;
    list.addAll(await disk.extents(span.offsetBytes + list.coveredBytes, leftBytes));
  }
  return list.extents.slice(0, runsMax);
}
