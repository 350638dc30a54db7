import { blockBytes, restoreHeadBytes } from '../../base/limits.ts';

const opening = 'Secondwind: unfinished restore of ';
const closing = '. Restore it again to finish.\n';

/**
 * What stands at the head of a disk while it is being overwritten: no boot record, partition table or superblock, so that
 * nothing takes the mixture for a disk, and words for whoever looks.
 * @param what - what is restored: "web/root as it stood at …"
 * @returns restoreHeadBytes bytes
 */
export function unfinishedHead(what: string): Buffer {
  const head = Buffer.alloc(restoreHeadBytes);
  const textBytesMax = blockBytes - opening.length - closing.length;
  const text = Buffer.from(what).subarray(0, textBytesMax).toString();
  head.write(`${opening}${text}${closing}`);
  return head;
}

/**
 * Reads the mark of an unfinished restore.
 * @param head - the first block of a disk, or less
 * @returns what was being restored, or undefined where there is no mark
 */
export function unfinishedIn(head: Buffer): string | undefined {
  const text = head.toString('utf8', 0, Math.min(head.length, blockBytes));
  if (!text.startsWith(opening)) return undefined;
  const end = text.indexOf(closing);
  return end === -1 ? undefined : text.slice(opening.length, end);
}
