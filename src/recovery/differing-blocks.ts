import {
  blockBytes,
  recoveryLanesMax,
  recoveryPieceBytes,
  zeroPieceBytes,
} from '../base/limits.ts';
import { runAll } from '../disk/awaitable.ts';
import type { ReadableDisk } from '../disk/disk.ts';
import { zeroesOf } from '../disk/zeroes.ts';
import { BlockMarks } from './block-marks.ts';
import { type ByteSpan, type DiskPiece, piecesOf } from './disk-pieces.ts';
import { runLanes } from './run-lanes.ts';

/** What to compare, and how. */
export interface CompareOptions {
  /** Disk that knows its holes: they are not read. */
  readonly wanted: ReadableDisk;
  /** Disk compared with it, at least as large. */
  readonly found: ReadableDisk;
  /** Where they may differ, in order and inside `wanted`; everywhere when left out. */
  readonly spans?: Iterable<ByteSpan> | undefined;
  /** What is being done, as the start of a sentence. */
  readonly action: string;
  /** Counts compared bytes. */
  readonly onCompared?: ((lengthBytes: number) => void) | undefined;
  /** Ends the comparison early. */
  readonly signal?: AbortSignal | undefined;
}

/** Zeroes compared at once, bytes. */
const zeroCompareBytes = Math.min(zeroPieceBytes, recoveryPieceBytes);

interface CompareLane {
  readonly wanted: Buffer;
  readonly found: Buffer;
}

/**
 * Reads two disks and marks the blocks that differ.
 * @param options - see CompareOptions
 * @returns marks over the size of `wanted`
 * @throws INTERRUPTED, and what reading either disk throws
 */
export async function differingBlocks(options: CompareOptions): Promise<BlockMarks> {
  const { wanted, found, action, signal } = options;
  const marks = new BlockMarks(wanted.sizeBytes);
  const lanes = Array.from({ length: recoveryLanesMax }, newLane);
  const compare = async (piece: DiskPiece, lane: CompareLane): Promise<void> => {
    if (piece.isHole) await compareHole(found, piece, lane, marks);
    else await comparePiece(options, piece, lane, marks);
    options.onCompared?.(piece.lengthBytes);
  };
  const spans = options.spans ?? [{ offsetBytes: 0, lengthBytes: wanted.sizeBytes }];
  await runLanes(piecesOf(wanted, spans), compare, { lanes, action, signal });
  return marks;
}

function newLane(): CompareLane {
  return {
    wanted: Buffer.allocUnsafeSlow(recoveryPieceBytes),
    found: Buffer.allocUnsafeSlow(recoveryPieceBytes),
  };
}

async function comparePiece(
  disks: Pick<CompareOptions, 'wanted' | 'found'>,
  piece: DiskPiece,
  lane: CompareLane,
  marks: BlockMarks,
): Promise<void> {
  const wanted = lane.wanted.subarray(0, piece.lengthBytes);
  const found = lane.found.subarray(0, piece.lengthBytes);
  await runAll([
    () => disks.wanted.read(wanted, piece.offsetBytes),
    () => disks.found.read(found, piece.offsetBytes),
  ]);
  markDifferences(wanted, found, piece.offsetBytes, marks);
}

async function compareHole(
  disk: ReadableDisk,
  hole: ByteSpan,
  lane: CompareLane,
  marks: BlockMarks,
): Promise<void> {
  const endBytes = hole.offsetBytes + hole.lengthBytes;
  let at = hole.offsetBytes;
  for (const { lengthBytes, isHole } of await disk.extents(at, hole.lengthBytes)) {
    if (isHole) at += lengthBytes;
    else break;
  }
  for (; at < endBytes; at += zeroCompareBytes) {
    const found = lane.found.subarray(0, Math.min(zeroCompareBytes, endBytes - at));
    await disk.read(found, at);
    markDifferences(zeroesOf(found.length), found, at, marks);
  }
}

function markDifferences(
  wanted: Uint8Array,
  found: Buffer,
  offsetBytes: number,
  marks: BlockMarks,
): void {
  if (found.equals(wanted)) return;
  for (let start = 0; start < found.length; start += blockBytes) {
    const end = Math.min(start + blockBytes, found.length);
    if (found.compare(wanted, start, end, start, end) === 0) continue;
    marks.add(offsetBytes + start, end - start);
  }
}
