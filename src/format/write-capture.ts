import { ByteReader } from './byte-reader.ts';
import { FormatFault } from './format-fault.ts';

/**
 * Head of a frame of the stream that native/write-capture writes, 48 bytes, little-endian (docs/formats/write-capture.md):
 *
 *   offset size field
 *        0    4 length of the payload that follows the head, bytes
 *        4    1 kind
 *        5    1 flags: bit 0 = the change was forced to stable storage (FUA)
 *        6    2 slot: which disk
 *        8    8 number of the frame, from 1; 0 for a loss that was put before others
 *       16    8 when, monotonic clock, microseconds
 *       24    8 offset on the disk, bytes
 *       32    8 length on the disk, bytes
 *       40    8 tag
 */
export const captureHeadBytes = 48;

/** Largest payload, bytes. */
export const capturePayloadBytesMax: number = 1024 * 1024;

/** Version of the stream, told in its first frame. */
export const captureStreamVersion = 1;

const kinds = [
  'hello',
  'write',
  'zeroes',
  'flush',
  'lost',
  'hold',
  'release',
  'tick',
  'added',
  'removed',
  'settled',
  'refused',
] as const;

/**
 * What a frame says:
 * `hello`: the program captures; tag: version of the stream. `write`: the payload is the new content of a range of whole
 * blocks. `zeroes`: a range of whole blocks reads as zeroes. `flush`: the disk was asked to bring everything to stable storage.
 * `lost`: nobody knows what a range holds. `hold`, `release`: what lies between must not be parted by a cut.
 * `tick`: everything up to the moment was told; tag: the same moment by the wall clock, microseconds since 1970.
 * `added`: a disk is captured; length: its size, tag: granularity of its losses, bytes. `removed`: it is not any more.
 * `settled`: answer to a question; tag: which. `refused`: a disk is not captured; the payload says why, in UTF-8.
 */
export type CaptureFrameKind = (typeof kinds)[number];

/** The head of a frame. */
export interface CaptureHead {
  /** What it says. */
  readonly kind: CaptureFrameKind;
  /** Payload that follows, bytes. */
  readonly payloadBytes: number;
  /** Whether the change was forced to stable storage. */
  readonly isForced: boolean;
  /** Which disk: the number that it was added under. */
  readonly slot: number;
  /** Number of the frame, from 1; 0 for a loss that was put before others. */
  readonly number: number;
  /** When, monotonic clock, microseconds. */
  readonly timeMicros: number;
  /** Where on the disk, bytes. */
  readonly offsetBytes: number;
  /** How much of the disk, bytes. */
  readonly lengthBytes: number;
  /** See CaptureFrameKind. */
  readonly tag: number;
}

const forcedFlag = 1;
const slotsMax = 32;
const blockBytes = 4096;

/**
 * Decodes the head of a frame.
 * @param bytes - captureHeadBytes bytes
 * @returns the head; its payload has payloadBytes bytes, capturePayloadBytesMax at most
 * @throws FormatFault
 * @source docs/formats/write-capture.md
 */
export function decodeCaptureHead(bytes: Uint8Array): CaptureHead {
  const reader = new ByteReader(bytes);
  const payloadBytes = reader.u32();
  const kind = kinds[reader.u8() - 1];
  const flags = reader.u8();
  if (kind === undefined) throw new FormatFault('unknown kind of frame', 4);
  if (payloadBytes > capturePayloadBytesMax) throw new FormatFault('the payload is too long', 0);
  if ((flags & ~forcedFlag) !== 0) throw new FormatFault('unknown flags', 5);
  const slot = reader.u16();
  if (slot >= slotsMax) throw new FormatFault('there is no such slot', 6);
  const head: CaptureHead = {
    ...{ kind, payloadBytes, isForced: flags === forcedFlag, slot },
    number: reader.u64(),
    timeMicros: reader.u64(),
    offsetBytes: reader.u64(),
    lengthBytes: reader.u64(),
    tag: reader.u64(),
  };
  checkRange(head);
  return head;
}

function checkRange({ kind, payloadBytes, offsetBytes, lengthBytes }: CaptureHead): void {
  const hasPayload = kind === 'write' || kind === 'refused';
  if (!hasPayload && payloadBytes > 0) throw new FormatFault('a payload where none belongs', 0);
  if (!Number.isSafeInteger(offsetBytes + lengthBytes)) {
    throw new FormatFault('the range is too long', 32);
  }
  if (kind === 'write' && payloadBytes !== lengthBytes) {
    throw new FormatFault('a write that is not as long as its content', 32);
  }
  const isRange = kind === 'write' || kind === 'zeroes' || kind === 'lost';
  if (isRange && lengthBytes === 0) throw new FormatFault('an empty range', 32);
  if (isRange && kind !== 'lost' && offsetBytes % blockBytes !== 0) {
    throw new FormatFault('a range that does not begin with a block', 24);
  }
}
