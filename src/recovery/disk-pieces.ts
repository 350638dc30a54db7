import {
  extentSpanBytes,
  recoveryPieceBytes,
  shortHoleBytes,
  zeroStepBytes,
} from '../base/limits.ts';
import type { DiskExtent, ReadableDisk } from '../disk/disk.ts';
import { ExtentList } from '../disk/extent-list.ts';

/** Run of bytes of a disk. */
export interface ByteSpan {
  /** Start, bytes. */
  readonly offsetBytes: number;
  /** Length, bytes, more than 0. */
  readonly lengthBytes: number;
}

/** A part of a disk small enough for one step of work. */
export interface DiskPiece extends ByteSpan {
  /** Whether it is known to read as zeroes. */
  readonly isHole: boolean;
}

/** How large pieces may be. */
export interface PieceShape {
  /** Data in one piece, bytes. */
  readonly dataBytes: number;
  /** Hole in one piece, bytes; large where holes cost no work. At most extentSpanBytes. */
  readonly holeBytes: number;
}

/** Pieces that are read, and zeroes that are written. */
const pieceShape: PieceShape = { dataBytes: recoveryPieceBytes, holeBytes: zeroStepBytes };

/**
 * Divides spans of a disk into pieces in order: data and holes, cut at multiples of their largest sizes. A short
 * hole between data belongs to the data.
 * @param disk - says where its holes are
 * @param spans - in order, inside the disk
 * @param shape - see PieceShape
 */
export async function* piecesOf(
  disk: ReadableDisk,
  spans: Iterable<ByteSpan>,
  shape: PieceShape = pieceShape,
): AsyncGenerator<DiskPiece, void> {
  for (const span of spans) {
    const endBytes = span.offsetBytes + span.lengthBytes;
    for (let at = span.offsetBytes; at < endBytes; ) {
      const lengthBytes = Math.min(extentSpanBytes - (at % extentSpanBytes), endBytes - at);
      yield* piecesAt(at, await extentsOf(disk, { offsetBytes: at, lengthBytes }), shape);
      at += lengthBytes;
    }
  }
}

/** A short span is not worth a question. */
async function extentsOf(disk: ReadableDisk, span: ByteSpan): Promise<readonly DiskExtent[]> {
  const list = new ExtentList();
  if (span.lengthBytes < shortHoleBytes) list.add(span.lengthBytes, false);
  while (list.coveredBytes < span.lengthBytes) {
    const at = span.offsetBytes + list.coveredBytes;
    list.addAll(await disk.extents(at, span.lengthBytes - list.coveredBytes));
  }
  return list.extents;
}

function* piecesAt(
  startBytes: number,
  extents: readonly DiskExtent[],
  shape: PieceShape,
): Generator<DiskPiece> {
  let at = startBytes;
  for (const { lengthBytes, isHole } of withoutShortHoles(extents)) {
    const stepBytes = isHole ? shape.holeBytes : shape.dataBytes;
    const endBytes = at + lengthBytes;
    while (at < endBytes) {
      const length = Math.min(stepBytes - (at % stepBytes), endBytes - at);
      yield { offsetBytes: at, lengthBytes: length, isHole };
      at += length;
    }
  }
}

function withoutShortHoles(extents: readonly DiskExtent[]): readonly DiskExtent[] {
  const list = new ExtentList();
  for (const { lengthBytes, isHole } of extents) {
    list.add(lengthBytes, isHole && lengthBytes >= shortHoleBytes);
  }
  return list.extents;
}
