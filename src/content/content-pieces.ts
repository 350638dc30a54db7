import { contentPieceBytes, contentPiecesAhead } from '../base/limits.ts';
import type { ReadableDisk } from '../disk/disk.ts';

/** A piece of a content. */
export interface ContentPiece {
  /** Where it begins, bytes. */
  readonly offsetBytes: number;
  /** Length, bytes. */
  readonly lengthBytes: number;
  /** What it holds, owned by the caller; undefined for a hole, which reads as zeroes. */
  readonly bytes: Uint8Array | undefined;
}

/** How far holes are asked for at once, bytes. */
const extentWindowBytes = 64 * 1024 * 1024;

/**
 * Reads a content from its beginning to its end, a few pieces ahead of whoever takes them.
 * @param content - stays its owner's to close
 * @param signal - ends it early
 * @returns pieces in order that cover the content; data comes in pieces of at most contentPieceBytes
 * @throws what the content throws; the signal's reason
 */
export async function* contentPieces(
  content: ReadableDisk,
  signal?: AbortSignal,
): AsyncGenerator<ContentPiece, void> {
  const ahead: Promise<ContentPiece>[] = [];
  try {
    for await (const span of spansOf(content)) {
      signal?.throwIfAborted();
      ahead.push(readPiece(content, span));
      if (ahead.length > contentPiecesAhead) yield await ahead.shift()!;
    }
    while (ahead.length > 0) yield await ahead.shift()!;
  } finally {
    await Promise.allSettled(ahead);
  }
}

type Span = Omit<ContentPiece, 'bytes'> & { readonly isHole: boolean };

async function* spansOf(content: ReadableDisk): AsyncGenerator<Span> {
  for (let offset = 0; offset < content.sizeBytes; ) {
    const length = Math.min(extentWindowBytes, content.sizeBytes - offset);
    for (const { lengthBytes, isHole } of await content.extents(offset, length)) {
      yield* cut({ offsetBytes: offset, lengthBytes, isHole });
      offset += lengthBytes;
    }
  }
}

function* cut(span: Span): Generator<Span> {
  if (span.isHole) {
    yield span;
    return;
  }
  const end = span.offsetBytes + span.lengthBytes;
  for (let offsetBytes = span.offsetBytes; offsetBytes < end; offsetBytes += contentPieceBytes) {
    yield {
      offsetBytes,
      lengthBytes: Math.min(contentPieceBytes, end - offsetBytes),
      isHole: false,
    };
  }
}

async function readPiece(content: ReadableDisk, span: Span): Promise<ContentPiece> {
  const { isHole, ...place } = span;
  if (isHole) return { ...place, bytes: undefined };
  const bytes = Buffer.allocUnsafeSlow(span.lengthBytes);
  await content.read(bytes, span.offsetBytes);
  return { ...place, bytes };
}
