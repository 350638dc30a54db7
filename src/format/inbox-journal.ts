import { crc32 } from 'node:zlib';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { commitDigestBytes, exchangeStreamBytes } from './exchange-message.ts';
import { FormatFault } from './format-fault.ts';

/**
 * How far a receiver has stored the commits of a machine (docs/formats/exchange.md). Two slots of 512 bytes are written in turn, so that
 * a torn write leaves the other one; the one with the higher number counts.
 *
 *   size field
 *      8 magic "SWINBOX\n"
 *      2 format version, 1
 *      8 number of the write, from 1
 *     16 stream
 *      8 position up to which everything is stored
 *     32 SHA-256 of the commit there
 *      8 position of the commit about to be stored; 0 for none
 *     32 SHA-256 of it
 *      8 newest commit of the machine in the repository before that: its sequence
 *      … zeroes
 *      4 CRC-32 of all before it
 */
export interface InboxJournal {
  /** Number of the write, from 1. */
  readonly writeCount: number;
  /** 16 bytes. */
  readonly stream: Uint8Array;
  /** Position up to which everything is stored; 0 for none. */
  readonly storedPosition: number;
  /** SHA-256 of the commit there. */
  readonly storedDigest: Uint8Array;
  /** Position of the commit about to be stored; 0 for none. */
  readonly nextPosition: number;
  /** SHA-256 of it. */
  readonly nextDigest: Uint8Array;
  /** Sequence of the machine's newest commit before it. */
  readonly sequenceBefore: number;
}

/** Bytes of a slot. */
export const inboxSlotBytes = 512;

const magic = Buffer.from('SWINBOX\n');
const version = 1;

/**
 * Encodes a slot.
 * @param journal - its fields
 */
export function encodeInboxSlot(journal: InboxJournal): Uint8Array {
  const writer = new ByteWriter(inboxSlotBytes).bytes(magic).u16(version);
  writer.u64(journal.writeCount).bytes(journal.stream);
  writer.u64(journal.storedPosition).bytes(journal.storedDigest);
  writer.u64(journal.nextPosition).bytes(journal.nextDigest).u64(journal.sequenceBefore);
  writer.bytes(new Uint8Array(inboxSlotBytes - 4 - writer.position));
  const checksum = crc32(writer.finish());
  return writer.u32(checksum).finish();
}

/**
 * Decodes a slot.
 * @param bytes - inboxSlotBytes
 * @throws FormatFault
 */
export function decodeInboxSlot(bytes: Uint8Array): InboxJournal {
  const reader = new ByteReader(bytes);
  if (!magic.equals(reader.bytes(magic.length))) throw new FormatFault('it is no journal', 0);
  if (reader.u16() !== version) throw new FormatFault('it has another version', 8);
  const journal = {
    writeCount: reader.u64(),
    stream: Uint8Array.from(reader.bytes(exchangeStreamBytes)),
    storedPosition: reader.u64(),
    storedDigest: Uint8Array.from(reader.bytes(commitDigestBytes)),
    nextPosition: reader.u64(),
    nextDigest: Uint8Array.from(reader.bytes(commitDigestBytes)),
    sequenceBefore: reader.u64(),
  };
  const rest = reader.bytes(Math.max(reader.remaining - 4, 0));
  if (rest.some((byte) => byte !== 0)) throw new FormatFault('its rest is not zero', 0);
  const checksum = crc32(bytes.subarray(0, bytes.length - 4));
  if (reader.u32() !== checksum) throw new FormatFault('the checksum is wrong', 0);
  reader.end();
  return journal;
}
