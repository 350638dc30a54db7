import type { Micros } from '../base/clock.ts';
import { nameBytesMax } from '../base/limits.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import {
  exchangeChunksMax,
  exchangeMessageBytesMax,
  exchangeTextBytesMax,
} from './exchange-limits.ts';
import { FormatFault } from './format-fault.ts';

/** Version of the protocol, told in the first message of each side. */
export const exchangeVersion = 1;

/** Bytes of a stream's identity. */
export const exchangeStreamBytes = 16;

/** Bytes of the key that names of chunks are made with. */
export const exchangeKeyBytes = 32;

/** Bytes of the SHA-256 of an encoded commit. */
export const commitDigestBytes = 32;

/** One message of the exchange; docs/formats/exchange.md tells who sends which, and when. */
export type ExchangeMessage =
  /** First message of the sender: who it is, and from which commit on it has something to send. */
  | {
      readonly kind: 'hello';
      readonly stream: Uint8Array;
      readonly nameKey: Uint8Array;
      readonly firstPosition: number;
    }
  /** A commit without its chunks: an encoded ExchangeCommit. */
  | { readonly kind: 'offer'; readonly commit: Uint8Array }
  /** What of a group the receiver lacks, compressed as one zstd frame. */
  | {
      readonly kind: 'group';
      readonly position: number;
      readonly group: number;
      readonly packed: Uint8Array;
    }
  /** Opens the newest state of a disk for comparing. */
  | { readonly kind: 'open-disk'; readonly handle: number; readonly disk: string }
  /** Asks what of a region differs: keyed hashes of its spans of 64 KiB. */
  | {
      readonly kind: 'compare';
      readonly handle: number;
      readonly region: number;
      readonly lengthBytes: number;
      readonly hashes: Uint8Array;
    }
  /** Ends comparing. */
  | { readonly kind: 'close-disk'; readonly handle: number }
  /** First message of the receiver: up to which commit it has everything, that one's digest, and how much may be under way. */
  | {
      readonly kind: 'welcome';
      readonly storedPosition: number;
      readonly storedDigest: Uint8Array;
      readonly newestMicros: Micros;
      readonly nowMicros: Micros;
      readonly windowBytes: number;
    }
  /** Which chunks of a commit are lacking, one bit each, the lowest of a byte first. */
  | { readonly kind: 'lack'; readonly position: number; readonly chunks: Uint8Array }
  /** So many bytes of groups were taken. */
  | { readonly kind: 'credit'; readonly takenBytes: number }
  /** A commit is on stable storage and can be restored. */
  | {
      readonly kind: 'stored';
      readonly position: number;
      readonly timeMicros: Micros;
      readonly sequence: number;
      readonly changedBytes: number;
      readonly newBytes: number;
      readonly storedBytes: number;
    }
  /** A commit cannot be stored for now; the receiver goes on trying. */
  | { readonly kind: 'waiting'; readonly reason: string }
  /** What is known of a disk that was opened. */
  | {
      readonly kind: 'disk';
      readonly handle: number;
      readonly isKnown: boolean;
      readonly sizeBytes: number;
      readonly timeMicros: Micros;
    }
  /** Bit by bit which spans differ, and 8 bytes of hash for each of their stored blocks. */
  | {
      readonly kind: 'compared';
      readonly handle: number;
      readonly region: number;
      readonly spans: number;
      readonly hashes: Uint8Array;
    }
  /** Is anybody there? */
  | { readonly kind: 'ping' }
  /** Yes. */
  | { readonly kind: 'pong' }
  /** The connection ends, and why. */
  | { readonly kind: 'bye'; readonly reason: string };

/** Spans of a region that are compared by one hash each. */
export const comparedSpans = 16;

/** Bytes of the hash of a span. */
export const spanHashBytes = 16;

/** Bytes of the hash of a block within a span that differs. */
export const blockHashBytes = 8;

type Kind = ExchangeMessage['kind'];

/** Numbers never change and are never used again; 0 to 31 are the sender's, 32 to 63 the receiver's, the others anybody's. */
const kindNumbers: Readonly<Record<Kind, number>> = {
  hello: 1,
  offer: 2,
  group: 3,
  'open-disk': 4,
  compare: 5,
  'close-disk': 6,
  welcome: 32,
  lack: 33,
  credit: 34,
  stored: 35,
  waiting: 36,
  disk: 37,
  compared: 38,
  ping: 64,
  pong: 65,
  bye: 66,
};

const kindsByNumber = new Map(
  Object.entries(kindNumbers).map(([kind, number]) => [number, kind as Kind]),
);

/** A message as it goes into a frame. Large parts are not copied: they follow the head. */
export interface EncodedMessage {
  /** Number of its kind. */
  readonly kind: number;
  /** Its fields. */
  readonly head: Uint8Array;
  /** What follows them, borrowed; empty for most. */
  readonly tail: Uint8Array;
}

const nothing = new Uint8Array(0);

/**
 * Encodes a message.
 * @param message - large parts are borrowed
 */
export function encodeExchangeMessage(message: ExchangeMessage): EncodedMessage {
  const writer = new ByteWriter(128);
  const tail = writeFields(writer, message);
  return { kind: kindNumbers[message.kind], head: writer.finish(), tail };
}

/** @returns what follows the fields that were written */
function writeFields(writer: ByteWriter, message: ExchangeMessage): Uint8Array {
  switch (message.kind) {
    case 'hello':
      writer.u16(exchangeVersion).bytes(message.stream).bytes(message.nameKey);
      writer.u64(message.firstPosition);
      return nothing;
    case 'offer':
      return message.commit;
    case 'group':
      writer.u64(message.position).u32(message.group);
      return message.packed;
    case 'open-disk':
      writer.u32(message.handle).text(message.disk);
      return nothing;
    case 'compare':
      writer.u32(message.handle).u32(message.region).u32(message.lengthBytes);
      return message.hashes;
    case 'close-disk':
      writer.u32(message.handle);
      return nothing;
    case 'ping':
    case 'pong':
      return nothing;
    case 'bye':
      writer.text(message.reason);
      return nothing;
    default:
      return writeAnswer(writer, message);
  }
}

type Answer = Extract<
  ExchangeMessage,
  { kind: 'welcome' | 'lack' | 'credit' | 'stored' | 'waiting' | 'disk' | 'compared' }
>;

function writeAnswer(writer: ByteWriter, message: Answer): Uint8Array {
  switch (message.kind) {
    case 'welcome':
      writer.u16(exchangeVersion).u64(message.storedPosition).bytes(message.storedDigest);
      writer.u64(message.newestMicros);
      writer.u64(message.nowMicros).u32(message.windowBytes);
      return nothing;
    case 'lack':
      writer.u64(message.position);
      return message.chunks;
    case 'credit':
      writer.u32(message.takenBytes);
      return nothing;
    case 'stored':
      writer.u64(message.position).u64(message.timeMicros).u64(message.sequence);
      writer.u64(message.changedBytes).u64(message.newBytes).u64(message.storedBytes);
      return nothing;
    case 'waiting':
      writer.text(message.reason);
      return nothing;
    case 'disk':
      writer.u32(message.handle).u8(Number(message.isKnown));
      writer.u64(message.sizeBytes).u64(message.timeMicros);
      return nothing;
    case 'compared':
      writer.u32(message.handle).u32(message.region).u16(message.spans);
      return message.hashes;
  }
}

/**
 * Decodes a message.
 * @param kindNumber - as it stood in the frame
 * @param body - large parts borrow from it
 * @throws FormatFault
 */
export function decodeExchangeMessage(kindNumber: number, body: Uint8Array): ExchangeMessage {
  const kind = kindsByNumber.get(kindNumber);
  if (kind === undefined) throw new FormatFault(`there is no message ${kindNumber}`, 0);
  if (body.length > exchangeMessageBytesMax) throw new FormatFault('a message is too long', 0);
  const reader = new ByteReader(body);
  const message = readFields(reader, kind);
  reader.end();
  return message;
}

function readFields(reader: ByteReader, kind: Kind): ExchangeMessage {
  switch (kind) {
    case 'hello':
      checkVersion(reader.u16());
      return {
        kind,
        stream: reader.bytes(exchangeStreamBytes),
        nameKey: reader.bytes(exchangeKeyBytes),
        firstPosition: positionOf(reader),
      };
    case 'offer':
      return { kind, commit: rest(reader) };
    case 'group':
      return { kind, position: positionOf(reader), group: reader.u32(), packed: rest(reader) };
    case 'open-disk':
      return { kind, handle: reader.u32(), disk: reader.text(nameBytesMax) };
    case 'compare':
      return readCompare(reader);
    case 'close-disk':
      return { kind, handle: reader.u32() };
    case 'ping':
    case 'pong':
      return { kind };
    case 'bye':
      return { kind, reason: reader.text(exchangeTextBytesMax) };
    default:
      return readAnswer(reader, kind);
  }
}

function readAnswer(reader: ByteReader, kind: Answer['kind']): Answer {
  switch (kind) {
    case 'welcome':
      checkVersion(reader.u16());
      return {
        kind,
        storedPosition: reader.u64(),
        storedDigest: reader.bytes(commitDigestBytes),
        newestMicros: reader.u64(),
        nowMicros: reader.u64(),
        windowBytes: reader.u32(),
      };
    case 'lack': {
      const position = positionOf(reader);
      if (reader.remaining > exchangeChunksMax / 8) {
        throw new FormatFault('more chunks are lacking than a commit may have', 8);
      }
      return { kind, position, chunks: rest(reader) };
    }
    case 'credit':
      return { kind, takenBytes: reader.u32() };
    case 'stored':
      return {
        kind,
        position: positionOf(reader),
        timeMicros: reader.u64(),
        sequence: reader.u64(),
        changedBytes: reader.u64(),
        newBytes: reader.u64(),
        storedBytes: reader.u64(),
      };
    case 'waiting':
      return { kind, reason: reader.text(exchangeTextBytesMax) };
    case 'disk': {
      const [handle, isKnown] = [reader.u32(), reader.u8()];
      if (isKnown > 1) throw new FormatFault('a field has no known value', 4);
      const [sizeBytes, timeMicros] = [reader.u64(), reader.u64()];
      return { kind, handle, isKnown: isKnown === 1, sizeBytes, timeMicros };
    }
    case 'compared':
      return readCompared(reader);
  }
}

function readCompare(reader: ByteReader): ExchangeMessage {
  const [handle, region, lengthBytes] = [reader.u32(), reader.u32(), reader.u32()];
  const hashes = rest(reader);
  if (hashes.length !== comparedSpans * spanHashBytes) {
    throw new FormatFault('a region has another number of hashes', 12);
  }
  return { kind: 'compare', handle, region, lengthBytes, hashes };
}

function readCompared(reader: ByteReader): Extract<Answer, { kind: 'compared' }> {
  const [handle, region, spans] = [reader.u32(), reader.u32(), reader.u16()];
  const hashes = rest(reader);
  if (hashes.length !== comparedHashesBytes(spans)) {
    throw new FormatFault('spans and hashes do not fit each other', 8);
  }
  return { kind: 'compared', handle, region, spans, hashes };
}

/**
 * Bytes of the hashes that go with an answer to a comparison.
 * @param spans - bit by bit which spans differ
 */
export function comparedHashesBytes(spans: number): number {
  let count = 0;
  for (let bits = spans; bits !== 0; bits >>>= 1) count += bits & 1;
  return count * blocksOfSpan * blockHashBytes;
}

/** Blocks of a span. */
export const blocksOfSpan = 16;

function checkVersion(version: number): void {
  if (version !== exchangeVersion) throw new FormatFault(`exchange version ${version}`, 0);
}

function positionOf(reader: ByteReader): number {
  const position = reader.u64();
  if (position < 1) throw new FormatFault('a stream begins at 1', reader.position - 8);
  return position;
}

function rest(reader: ByteReader): Uint8Array {
  return reader.bytes(reader.remaining);
}
