import { readSync } from 'node:fs';
import { decodeEntryHeader, entryHeaderBytes } from '../format/entry.ts';

/** Where sealed bytes are read: a file descriptor of this process, or a function (only within one thread). */
export type ReadSource = number | ((target: Uint8Array, offsetBytes: number) => number);

/** What is read at first where nothing tells an entry's length, bytes; most entries are shorter than twice this. */
const firstReadBytes = 64 * 1024;
/** Longest guess that is believed, bytes: an incompressible group and more. */
const guessBytesMax = 1024 * 1024;

/** What is known of an entry before it is read. */
export interface EntryHint {
  /** Its length with header where that is known or likely, bytes; too much or too little only costs time. */
  readonly guessBytes?: number | undefined;
  /** Its beginning, or all of it and more. */
  readonly sealed?: Uint8Array;
}

let scratch = Buffer.allocUnsafeSlow(firstReadBytes);

/**
 * Reads an entry whole.
 * @param source - the segment
 * @param offsetBytes - where the entry begins
 * @param hint - see EntryHint
 * @returns its bytes, in `sealed` or in memory that is used again by the next call; fewer where the segment ends
 * @throws FormatFault when there is no entry; the system's error when reading itself fails
 */
export function readEntry(source: ReadSource, offsetBytes: number, hint: EntryHint = {}): Buffer {
  const start = beginning(source, offsetBytes, hint);
  const totalBytes = entryHeaderBytes + decodeEntryHeader(start).payloadBytes;
  if (totalBytes <= start.length) return start.subarray(0, totalBytes);
  growScratch(totalBytes, start.length);
  if (hint.sealed !== undefined) start.copy(scratch);
  const rest = scratch.subarray(start.length, totalBytes);
  return scratch.subarray(0, start.length + readAt(source, rest, offsetBytes + start.length));
}

function beginning(source: ReadSource, offsetBytes: number, hint: EntryHint): Buffer {
  const { sealed, guessBytes = firstReadBytes } = hint;
  if (sealed !== undefined) return Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length);
  const firstBytes = Math.min(Math.max(guessBytes, entryHeaderBytes), guessBytesMax);
  growScratch(firstBytes, 0);
  return scratch.subarray(0, readAt(source, scratch.subarray(0, firstBytes), offsetBytes));
}

/** Makes the scratch memory large enough, and keeps its first bytes. */
function growScratch(lengthBytes: number, keptBytes: number): void {
  if (scratch.length >= lengthBytes) return;
  const larger = Buffer.allocUnsafeSlow(lengthBytes);
  scratch.copy(larger, 0, 0, keptBytes);
  scratch = larger;
}

function readAt(source: ReadSource, target: Uint8Array, offsetBytes: number): number {
  let done = 0;
  while (done < target.length) {
    const part = target.subarray(done);
    const at = offsetBytes + done;
    const got =
      typeof source === 'number' ? readSync(source, part, 0, part.length, at) : source(part, at);
    if (got === 0) break;
    done += got;
  }
  return done;
}
