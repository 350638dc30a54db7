import type { ServedStatus } from '../../filesystem/served-tree.ts';
import { ability, modeBits, protocolVersion } from './numbers.ts';

/** Length of the header of every reply, bytes. */
const headerBytes = 16;
/** Length of struct fuse_attr, bytes. */
const attributesBytes = 88;
const pageBytes = 4096;

/**
 * A whole reply.
 * @source linux/fuse.h, struct fuse_out_header: length (4), negative error (4), unique (8)
 * @param unique - number of the request
 * @param error - of Linux; 0 for none
 * @param parts - what follows the header
 */
export function encodeReply(
  unique: bigint,
  error: number,
  ...parts: readonly Uint8Array[]
): Buffer {
  const header = Buffer.alloc(headerBytes);
  const reply = parts.length === 0 ? header : Buffer.concat([header, ...parts]);
  reply.writeUInt32LE(reply.length, 0);
  reply.writeInt32LE(-error, 4);
  reply.writeBigUInt64LE(unique, 8);
  return reply;
}

/** How much the kernel may have under way. */
export interface SessionLimits {
  /** Longest single read, bytes. */
  readonly readBytesMax: number;
  /** Requests that nobody waits for (read-ahead) at once. */
  readonly backgroundMax: number;
}

/**
 * Reply to INIT.
 * @source linux/fuse.h, struct fuse_init_out, 64 bytes
 * @param offered - abilities that the kernel offers
 * @param limits - see SessionLimits
 */
export function encodeInitialised(offered: number, limits: SessionLimits): Buffer {
  const body = Buffer.alloc(64);
  const wanted =
    ability.asynchronousRead |
    ability.exportSupport |
    ability.parallelDirectories |
    ability.maxPages |
    ability.cacheLinks;
  body.writeUInt32LE(protocolVersion.major, 0);
  body.writeUInt32LE(protocolVersion.minor, 4);
  body.writeUInt32LE(limits.readBytesMax, 8);
  body.writeUInt32LE((offered & wanted) >>> 0, 12);
  body.writeUInt16LE(limits.backgroundMax, 16);
  body.writeUInt16LE(Math.ceil((limits.backgroundMax * 3) / 4), 18);
  body.writeUInt32LE(pageBytes, 20);
  body.writeUInt32LE(1000, 24);
  body.writeUInt16LE(limits.readBytesMax / pageBytes, 28);
  return body;
}

/**
 * struct fuse_attr.
 * @source linux/fuse.h, struct fuse_attr, 88 bytes
 * @param node - number of the file, shown as its inode number
 * @param status - what the file is
 */
export function encodeAttributes(node: number, status: ServedStatus): Buffer {
  const bytes = Buffer.alloc(attributesBytes);
  bytes.writeBigUInt64LE(BigInt(node), 0);
  bytes.writeBigUInt64LE(BigInt(status.sizeBytes), 8);
  bytes.writeBigUInt64LE(BigInt(Math.ceil(status.allocatedBytes / 512)), 16);
  const times = [status.accessedMicros, status.modifiedMicros, status.changedMicros];
  for (const [index, micros] of times.entries()) {
    const seconds = Math.floor(micros / 1e6);
    bytes.writeBigInt64LE(BigInt(seconds), 24 + index * 8);
    bytes.writeUInt32LE((micros - seconds * 1e6) * 1000, 48 + index * 4);
  }
  bytes.writeUInt32LE(modeBits[status.kind] | status.mode, 60);
  bytes.writeUInt32LE(status.linkCount, 64);
  bytes.writeUInt32LE(status.uid, 68);
  bytes.writeUInt32LE(status.gid, 72);
  bytes.writeUInt32LE(encodeDevice(status.device), 76);
  bytes.writeUInt32LE(pageBytes, 80);
  return bytes;
}

/** As new_encode_dev of the kernel puts 12 bits of major and 20 of minor together. */
function encodeDevice(device: ServedStatus['device']): number {
  if (device === undefined) return 0;
  const { major, minor } = device;
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12)) >>> 0;
}

/**
 * Reply to LOOKUP.
 * @source linux/fuse.h, struct fuse_entry_out
 * @param node - number of the file
 * @param status - what it is
 * @param cacheSeconds - for how long the kernel may believe it
 */
export function encodeEntry(node: number, status: ServedStatus, cacheSeconds: number): Buffer {
  const head = Buffer.alloc(40);
  head.writeBigUInt64LE(BigInt(node), 0);
  head.writeBigUInt64LE(BigInt(cacheSeconds), 16);
  head.writeBigUInt64LE(BigInt(cacheSeconds), 24);
  return Buffer.concat([head, encodeAttributes(node, status)]);
}

/**
 * Reply to GETATTR.
 * @source linux/fuse.h, struct fuse_attr_out
 * @param node - number of the file
 * @param status - what it is
 * @param cacheSeconds - for how long the kernel may believe it
 */
export function encodeAttributesReply(
  node: number,
  status: ServedStatus,
  cacheSeconds: number,
): Buffer {
  const head = Buffer.alloc(16);
  head.writeBigUInt64LE(BigInt(cacheSeconds), 0);
  return Buffer.concat([head, encodeAttributes(node, status)]);
}

/**
 * Reply to OPEN and OPENDIR.
 * @source linux/fuse.h, struct fuse_open_out
 * @param handle - number to use it by
 * @param flags - see openFlag
 */
export function encodeOpened(handle: number, flags: number): Buffer {
  const body = Buffer.alloc(16);
  body.writeBigUInt64LE(BigInt(handle), 0);
  body.writeUInt32LE(flags, 8);
  return body;
}

/**
 * One name in a reply to READDIR.
 * @source linux/fuse.h, struct fuse_dirent: inode (8), offset of the next (8), length (4), type (4), name, padding to 8
 * @param name - bytes of the name
 * @param kind - what it is
 * @param nextOffset - where a later call goes on behind it
 */
export function encodeDirectoryEntry(
  name: Uint8Array,
  kind: ServedStatus['kind'],
  nextOffset: number,
): Buffer {
  const bytes = Buffer.alloc(Math.ceil((24 + name.length) / 8) * 8);
  // The number is looked up when it is asked for; 0 would make some programs pass the name over.
  bytes.writeBigUInt64LE(0xffffffffn, 0);
  bytes.writeBigUInt64LE(BigInt(nextOffset), 8);
  bytes.writeUInt32LE(name.length, 16);
  bytes.writeUInt32LE(modeBits[kind] >> 12, 20);
  bytes.set(name, 24);
  return bytes;
}

/**
 * Reply to STATFS: nothing is free, and sizes are not summed up over all moments.
 * @source linux/fuse.h, struct fuse_kstatfs, 80 bytes
 */
export function encodeStatistics(): Buffer {
  const body = Buffer.alloc(80);
  body.writeUInt32LE(pageBytes, 40);
  body.writeUInt32LE(255, 44);
  body.writeUInt32LE(pageBytes, 48);
  return body;
}

/**
 * Reply to GETXATTR and LISTXATTR that ask only for a length.
 * @source linux/fuse.h, struct fuse_getxattr_out
 * @param lengthBytes - of the value or list
 */
export function encodeExtendedLength(lengthBytes: number): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt32LE(lengthBytes, 0);
  return body;
}

/**
 * Reply to LSEEK.
 * @source linux/fuse.h, struct fuse_lseek_out
 * @param offsetBytes - what was found
 */
export function encodeOffset(offsetBytes: number): Buffer {
  const body = Buffer.alloc(8);
  body.writeBigUInt64LE(BigInt(offsetBytes), 0);
  return body;
}
