import {
  decodeEntryHeader,
  type EntryHeader,
  entryHeaderBytes,
  entrySpanBytes,
} from '../../format/entry.ts';
import { decodeFooter, decodeTrailer, trailerBytes } from '../../format/footer.ts';
import { FormatFault } from '../../format/format-fault.ts';
import { segmentHeaderBytes } from '../../format/segment-header.ts';
import type { OpenSegment, SegmentReaders } from './segment-readers.ts';

/** An entry of a segment, as far as it is known without opening it. */
export interface WalkedEntry {
  /** What the entry holds. */
  readonly type: 'group' | 'commit';
  /** Where it begins in the segment, bytes. */
  readonly offsetBytes: number;
  /** Header, payload and padding; 0 when the footer told of the entry and its header was not read. */
  readonly spanBytes: number;
  /** Names and lengths of a group's chunks, where the footer tells. */
  readonly chunks?: readonly { readonly name: Uint8Array; readonly blockCount: number }[];
}

/** Bytes between two entries that are none: space that was taken but never written, or damage. */
export interface WalkedHole {
  /** Where it begins in the segment, bytes. */
  readonly offsetBytes: number;
  /** Length, bytes. */
  readonly lengthBytes: number;
}

/** What a segment holds. */
export interface WalkedSegment {
  /** Whether it was listed by its footer. */
  readonly isSealed: boolean;
  /** In order of offset. */
  readonly entries: readonly WalkedEntry[];
  /** What lies between entries, in order. */
  readonly holes: readonly WalkedHole[];
  /** Size of the file, bytes. */
  readonly sizeBytes: number;
}

const windowBytes = 1024 * 1024;
const alignmentBytes = 16;

/**
 * Lists a segment's entries: from its footer, or by walking from header to header where there is none.
 * @param readers - open the segment
 * @param segment - number
 * @throws DAMAGED when the segment's header is; IO_FAILED
 */
export async function walkSegment(
  readers: SegmentReaders,
  segment: number,
): Promise<WalkedSegment> {
  return readers.use(segment, async (open) => {
    const sizeBytes = await open.reader.sizeBytes();
    const footer = await readFooter(readers, open, sizeBytes);
    if (footer !== undefined) return { isSealed: true, entries: footer, holes: [], sizeBytes };
    return { isSealed: false, sizeBytes, ...(await walkHeaders(open, sizeBytes)) };
  });
}

/** @returns undefined when there is no footer, or it does not open: the entries themselves say the same */
async function readFooter(
  readers: SegmentReaders,
  open: OpenSegment,
  sizeBytes: number,
): Promise<WalkedEntry[] | undefined> {
  const trailer = Buffer.alloc(trailerBytes);
  if (sizeBytes < segmentHeaderBytes + trailerBytes) return undefined;
  await open.reader.read(trailer, sizeBytes - trailerBytes);
  const offsetBytes = decodeTrailer(trailer);
  if (offsetBytes === undefined) return undefined;
  const [footer] = await readers.open(open.segment, [offsetBytes], 'store');
  if (footer === undefined || 'fault' in footer || footer.type !== 'footer') return undefined;
  try {
    return decodeFooter(footer.plain).map((entry) => ({ ...entry, spanBytes: 0 }));
  } catch (error) {
    if (error instanceof FormatFault) return undefined;
    throw error;
  }
}

async function walkHeaders(
  open: OpenSegment,
  sizeBytes: number,
): Promise<{ entries: WalkedEntry[]; holes: WalkedHole[] }> {
  const entries: WalkedEntry[] = [];
  const holes: WalkedHole[] = [];
  const window = new ReadWindow(open);
  let at = segmentHeaderBytes;
  while (at + entryHeaderBytes <= sizeBytes) {
    const header = headerAt(await window.at(at), open.segment, at);
    if (header === undefined) {
      const next = await nextHeader(window, open.segment, at, sizeBytes);
      holes.push({ offsetBytes: at, lengthBytes: next - at });
      at = next;
      continue;
    }
    const spanBytes = entrySpanBytes(header.payloadBytes);
    if (header.type !== 'footer') entries.push({ type: header.type, offsetBytes: at, spanBytes });
    at += spanBytes;
  }
  return { entries, holes };
}

async function nextHeader(
  window: ReadWindow,
  segment: number,
  from: number,
  sizeBytes: number,
): Promise<number> {
  for (let at = from + alignmentBytes; at + entryHeaderBytes <= sizeBytes; at += alignmentBytes) {
    if (headerAt(await window.at(at), segment, at) !== undefined) return at;
  }
  return sizeBytes;
}

function headerAt(bytes: Buffer, segment: number, offsetBytes: number): EntryHeader | undefined {
  try {
    const header = decodeEntryHeader(bytes);
    const isHere = header.segment === segment && header.offsetBytes === offsetBytes;
    return isHere ? header : undefined;
  } catch (error) {
    if (error instanceof FormatFault) return undefined;
    throw error;
  }
}

/** Reads headers a window at a time. */
class ReadWindow {
  readonly #open: OpenSegment;
  readonly #bytes = Buffer.alloc(windowBytes);
  #start = 0;
  #length = 0;

  constructor(open: OpenSegment) {
    this.#open = open;
  }

  /** @returns the 48 bytes at an offset, fewer at the end of the file; borrowed */
  async at(offsetBytes: number): Promise<Buffer> {
    const end = this.#start + this.#length;
    if (offsetBytes < this.#start || offsetBytes + entryHeaderBytes > end) {
      this.#start = offsetBytes;
      this.#length = await this.#open.reader.read(this.#bytes, offsetBytes);
    }
    const from = offsetBytes - this.#start;
    return this.#bytes.subarray(from, Math.min(from + entryHeaderBytes, this.#length));
  }
}
