import { isSecondwindError } from '../../base/errors.ts';
import { blockBytes, regionBytes } from '../../base/limits.ts';
import {
  blockHashBytes,
  comparedSpans,
  type ExchangeMessage,
  spanHashBytes,
} from '../../format/exchange-message.ts';
import type { DiskName, View, ViewOpener } from '../../repository/contract.ts';
import { blocksOf, piecesOf, spanBytes } from '../compared-region.ts';
import type { KeyedHasher } from '../keyed-hash.ts';

type Question = Extract<ExchangeMessage, { kind: 'compare' }>;
type Answer = Extract<ExchangeMessage, { kind: 'compared' }>;

/**
 * Opens the newest state of a disk, whole or not.
 * @param views - the repository
 * @param name - machine and disk
 * @returns undefined when nothing of it is stored
 * @throws IO_FAILED, DAMAGED
 */
export async function openNewestView(views: ViewOpener, name: DiskName): Promise<View | undefined> {
  const options = { isFillingAllowed: true, isReadOnce: true };
  try {
    return await views.openView(name, Number.MAX_SAFE_INTEGER, options);
  } catch (error) {
    const nothing = ['UNKNOWN_MACHINE', 'UNKNOWN_DISK', 'NO_POINT_YET'] as const;
    if (nothing.some((code) => isSecondwindError(error, code))) return undefined;
    throw error;
  }
}

/**
 * Compares a region with what is stored of it.
 * @param view - see openNewestView
 * @param hasher - as the sender hashes
 * @param question - region and hashes of its spans
 * @throws IO_FAILED, DAMAGED
 */
export async function compareRegion(
  view: View,
  hasher: KeyedHasher,
  { handle, region, lengthBytes, hashes }: Question,
): Promise<Answer> {
  const start = region * regionBytes;
  const storedBytes = Math.max(0, Math.min(lengthBytes, view.sizeBytes - start));
  const content = Buffer.alloc(lengthBytes);
  if (storedBytes > 0) await view.read(content.subarray(0, storedBytes), start);
  let spans = 0;
  const differing: Uint8Array[] = [];
  for (const [index, span] of piecesOf(content, spanBytes, comparedSpans).entries()) {
    const asked = hashes.subarray(index * spanHashBytes, (index + 1) * spanHashBytes);
    const isBehind =
      index * spanBytes + span.length > Math.ceil(storedBytes / blockBytes) * blockBytes;
    const own = (await hasher.hash(span)).subarray(0, spanHashBytes);
    if (!isBehind && Buffer.from(own).equals(asked)) continue;
    spans |= 1 << index;
    const storedInSpan = Math.max(0, storedBytes - index * spanBytes);
    differing.push(...(await blockHashes(span, storedInSpan, hasher)));
  }
  return { kind: 'compared', handle, region, spans, hashes: Buffer.concat(differing) };
}

/** What lies behind the end of the stored disk differs from everything. */
async function blockHashes(
  span: Uint8Array<ArrayBuffer>,
  storedBytes: number,
  hasher: KeyedHasher,
): Promise<Uint8Array[]> {
  const hashes = await Promise.all(blocksOf(span).map((block) => hasher.hash(block)));
  return hashes.map((hash, block) => {
    const short = hash.subarray(0, blockHashBytes);
    return block * blockBytes < storedBytes ? short : short.map((byte) => ~byte);
  });
}
