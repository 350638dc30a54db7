import { contentPieceBytes, contentPiecesAhead } from '../base/limits.ts';
import type { ReadableDisk } from '../disk/disk.ts';

/** A piece of a content. */
export interface ContentPiece {
  /** Where it begins, bytes. */
  readonly offsetBytes: number;
  /** Length, bytes. */
  readonly lengthBytes: number;
  /** What it holds, borrowed until the next piece is asked for; undefined for a hole, which reads as zeroes. */
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
  const memory = new PieceMemory();
  const spans = spansOf(content);
  const ahead: Promise<ContentPiece>[] = [];
  try {
    for (;;) {
      signal?.throwIfAborted();
      await fill(ahead, spans, (span) => readPiece(content, span, memory));
      const piece = await ahead.shift();
      if (piece === undefined) return;
      yield piece;
      memory.give(piece.bytes);
    }
  } finally {
    await Promise.allSettled(ahead);
  }
}

async function fill(
  ahead: Promise<ContentPiece>[],
  spans: AsyncGenerator<Span, void>,
  read: (span: Span) => Promise<ContentPiece>,
): Promise<void> {
  while (ahead.length <= contentPiecesAhead) {
    const span = await spans.next();
    if (span.done === true) return;
    const piece = read(span.value);
    // It may fail before its turn comes; whoever takes it hears of that.
    piece.catch(() => undefined);
    ahead.push(piece);
  }
}

type Span = Omit<ContentPiece, 'bytes'> & { readonly isHole: boolean };

async function* spansOf(content: ReadableDisk): AsyncGenerator<Span, void> {
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

async function readPiece(
  content: ReadableDisk,
  span: Span,
  memory: PieceMemory,
): Promise<ContentPiece> {
  const { isHole, ...place } = span;
  if (isHole) return { ...place, bytes: undefined };
  const bytes = memory.take(span.lengthBytes);
  await content.read(bytes, span.offsetBytes);
  return { ...place, bytes };
}

/** Large pieces use few buffers in turn: a new one for each costs more, in the kernel and in collecting it, than reading. */
class PieceMemory {
  readonly #free: ArrayBuffer[] = [];

  take(lengthBytes: number): Uint8Array {
    if (lengthBytes * 2 < contentPieceBytes) return new Uint8Array(lengthBytes);
    const memory = this.#free.pop() ?? new ArrayBuffer(contentPieceBytes);
    return new Uint8Array(memory, 0, lengthBytes);
  }

  give(bytes: Uint8Array | undefined): void {
    if (bytes?.buffer.byteLength === contentPieceBytes)
      this.#free.push(bytes.buffer as ArrayBuffer);
  }
}
