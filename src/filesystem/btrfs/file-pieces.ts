import type { Awaitable } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import { decodeFileExtent, type InlineExtent, type RegularExtent } from './file-extent.ts';
import type { BtrfsFile } from './files.ts';
import { itemTypes } from './key.ts';
import type { LeafSpan } from './leaf-span.ts';
import { firstNotLess, itemBytes, nodeKey } from './node.ts';

/** A part of a file's content. */
export interface FilePiece {
  /** Start in the file, bytes. */
  readonly startBytes: number;
  /** Behind its end in the file, bytes. */
  readonly endBytes: number;
  /** Where its content lies; undefined for a hole that nothing tells of. */
  readonly extent: InlineExtent | RegularExtent | undefined;
}

/**
 * The piece of a file's content that holds a byte.
 * @param file - a regular file, or a link
 * @param offsetBytes - the byte
 * @throws FILE_SYSTEM_DAMAGED
 */
export function pieceAt(file: BtrfsFile, offsetBytes: number): Awaitable<FilePiece> {
  const key = { object: file.place.inode, type: itemTypes.fileExtent, offset: offsetBytes };
  return andThen(file.tree.leafBefore(key), (span) => pieceIn(file, span, offsetBytes));
}

function pieceIn(file: BtrfsFile, { leaf, endKey }: LeafSpan, offsetBytes: number): FilePiece {
  const key = { object: file.place.inode, type: itemTypes.fileExtent, offset: offsetBytes + 1 };
  const next = firstNotLess(leaf, key);
  const startOf = (candidate: { object: number; type: number; offset: number } | undefined) =>
    candidate?.object === key.object && candidate.type === key.type ? candidate.offset : undefined;
  const nextStart =
    startOf(next < leaf.count ? nodeKey(leaf, next) : endKey) ?? Number.POSITIVE_INFINITY;
  const start = next > 0 ? startOf(nodeKey(leaf, next - 1)) : undefined;
  if (start === undefined) return { startBytes: 0, endBytes: nextStart, extent: undefined };
  const extent = decodeFileExtent(itemBytes(leaf, next - 1));
  if (typeof extent === 'string')
    throw file.tree.damageAt(leaf, `inode ${file.place.inode}, content at ${start}: ${extent}`);
  const end = start + (extent.form === 'inline' ? extent.plainBytes : extent.lengthBytes);
  if (offsetBytes < end) return { startBytes: start, endBytes: Math.min(end, nextStart), extent };
  return { startBytes: end, endBytes: nextStart, extent: undefined };
}
