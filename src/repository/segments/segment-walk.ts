import {
  decodeEntryHeader,
  type EntryHeader,
  entryHeaderBytes,
  entrySpanBytes,
  isEntryStart,
} from '../../format/entry.ts';
import {
  decodeFooter,
  decodeTrailer,
  type FooterEntry,
  trailerBytes,
} from '../../format/footer.ts';
import { FormatFault } from '../../format/format-fault.ts';
import { decodeSegmentHeader, segmentHeaderBytes } from '../../format/segment-header.ts';
import type { OpenedEntry } from '../../pipeline/open.ts';
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

/** Damage to what is there twice, or could be told from the rest: nothing is lost by it. */
export interface SpareFault {
  readonly offsetBytes: number;
  /** What is wrong, as a clause. */
  readonly reason: string;
}

/** What a segment holds. */
export interface WalkedSegment {
  /** Whether it was listed by its footer. */
  readonly isSealed: boolean;
  /** In order of offset. */
  readonly entries: readonly WalkedEntry[];
  /** End of the last entry that is listed, bytes; the footer is none of them. */
  readonly endBytes: number;
  /** What lies between entries, in order. */
  readonly holes: readonly WalkedHole[];
  /** What is damaged of header and footer. */
  readonly spareFaults: readonly SpareFault[];
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
    const spareFaults = footer?.fault === undefined ? [] : [footer.fault];
    if (open.headerFault !== undefined) {
      spareFaults.push({
        offsetBytes: 0,
        reason: `${open.headerFault.message}; its copy was used`,
      });
    }
    if (footer?.entries !== undefined) {
      const { entries, endBytes } = footer;
      return { isSealed: true, entries, endBytes, holes: [], spareFaults, sizeBytes };
    }
    return { isSealed: false, spareFaults, sizeBytes, ...(await walkHeaders(open, sizeBytes)) };
  });
}

/** What the end of a segment says. */
interface FoundFooter {
  /** Left out when the footer does not open: the entries themselves say the same. */
  readonly entries?: WalkedEntry[];
  /** Where the footer begins, bytes. */
  readonly endBytes: number;
  readonly fault?: SpareFault;
}

/** @returns undefined when the segment has no trailer */
async function readFooter(
  readers: SegmentReaders,
  open: OpenSegment,
  sizeBytes: number,
): Promise<FoundFooter | undefined> {
  if (sizeBytes < segmentHeaderBytes * 2 + trailerBytes) return undefined;
  const end = Buffer.alloc(segmentHeaderBytes + trailerBytes);
  await open.reader.read(end, sizeBytes - end.length);
  const offsetBytes = decodeTrailer(end.subarray(segmentHeaderBytes));
  if (offsetBytes === undefined) return undefined;
  const [footer] = await readers.open(open.segment, [offsetBytes], 'store');
  try {
    const entries = footerEntries(footer).map((entry) => ({ ...entry, spanBytes: 0 }));
    const copyFault = headerCopyFault(end, sizeBytes - end.length);
    const found = { entries, endBytes: offsetBytes };
    return copyFault === undefined ? found : { ...found, fault: copyFault };
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    const reason = `the list of entries does not open: ${error.message}`;
    return { endBytes: offsetBytes, fault: { offsetBytes, reason } };
  }
}

function footerEntries(footer: OpenedEntry | undefined): FooterEntry[] {
  if (footer === undefined || 'fault' in footer) {
    throw new FormatFault(footer?.fault ?? 'nothing was read', 0);
  }
  if (footer.type !== 'footer') throw new FormatFault('it is another kind of entry', 0);
  return decodeFooter(footer.plain);
}

function headerCopyFault(end: Buffer, offsetBytes: number): SpareFault | undefined {
  try {
    decodeSegmentHeader(end);
    return undefined;
  } catch (error) {
    if (!(error instanceof FormatFault)) throw error;
    return { offsetBytes, reason: `the second copy of the header: ${error.message}` };
  }
}

async function walkHeaders(
  open: OpenSegment,
  sizeBytes: number,
): Promise<Pick<WalkedSegment, 'entries' | 'endBytes' | 'holes'>> {
  const entries: WalkedEntry[] = [];
  const holes: WalkedHole[] = [];
  const window = new ReadWindow(open, sizeBytes);
  let at = segmentHeaderBytes;
  while (at + entryHeaderBytes <= sizeBytes) {
    const header = headerAt(await window.from(at), open.segment, at);
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
  const last = entries.at(-1);
  const endBytes = last === undefined ? segmentHeaderBytes : last.offsetBytes + last.spanBytes;
  return { entries, endBytes, holes };
}

async function nextHeader(
  window: ReadWindow,
  segment: number,
  from: number,
  sizeBytes: number,
): Promise<number> {
  let at = from + alignmentBytes;
  while (at + entryHeaderBytes <= sizeBytes) {
    const bytes = await window.from(at);
    for (let inside = 0; inside + entryHeaderBytes <= bytes.length; inside += alignmentBytes) {
      const header = headerAt(bytes.subarray(inside), segment, at + inside);
      if (header !== undefined) return at + inside;
    }
    if (bytes.length < entryHeaderBytes) return sizeBytes;
    const steps = Math.floor((bytes.length - entryHeaderBytes) / alignmentBytes) + 1;
    at += steps * alignmentBytes;
  }
  return sizeBytes;
}

function headerAt(bytes: Buffer, segment: number, offsetBytes: number): EntryHeader | undefined {
  // Looked at first, since most places of a damaged segment are no header, and an exception is dear.
  if (!isEntryStart(bytes)) return undefined;
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
  readonly #bytes: Buffer;
  #start = 0;
  #length = 0;

  constructor(open: OpenSegment, sizeBytes: number) {
    this.#open = open;
    this.#bytes = Buffer.alloc(Math.min(windowBytes, sizeBytes));
  }

  /** @returns at least the 48 bytes at an offset, fewer only at the end of the file; borrowed */
  async from(offsetBytes: number): Promise<Buffer> {
    const end = this.#start + this.#length;
    if (offsetBytes < this.#start || offsetBytes + entryHeaderBytes > end) {
      this.#start = offsetBytes;
      this.#length = await this.#open.reader.read(this.#bytes, offsetBytes);
    }
    return this.#bytes.subarray(offsetBytes - this.#start, this.#length);
  }
}
