/** Length of the header of every request, bytes. */
const headerBytes = 40;

/** A request of the kernel. */
export interface FuseRequest {
  /** What is asked for; see numbers.ts. */
  readonly operation: number;
  /** Number of the request, given back with the reply. */
  readonly unique: bigint;
  /** The file it is about, as we numbered it. */
  readonly node: number;
  /** What follows the header; borrowed. */
  readonly body: Buffer;
}

/**
 * Takes a request apart.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 4 | length with header |
 * | 4 | 4 | operation |
 * | 8 | 8 | unique |
 * | 16 | 8 | node |
 * | 24 | 12 | uid, gid, pid of the caller: the kernel has checked them against the modes |
 *
 * @source linux/fuse.h, struct fuse_in_header
 * @param bytes - one read of the device; borrowed
 * @returns undefined when the bytes are no request
 */
export function decodeRequest(bytes: Buffer): FuseRequest | undefined {
  if (bytes.length < headerBytes || bytes.readUInt32LE(0) !== bytes.length) return undefined;
  return {
    operation: bytes.readUInt32LE(4),
    unique: bytes.readBigUInt64LE(8),
    node: Number(bytes.readBigUInt64LE(16)),
    body: bytes.subarray(headerBytes),
  };
}

/** What a read asks for. */
export interface ReadOrder {
  /** Of what is open. */
  readonly handle: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/**
 * Body of READ and READDIR: handle (8), offset (8), size (4).
 * @source linux/fuse.h, struct fuse_read_in
 * @param body - of the request
 */
export function decodeRead(body: Buffer): ReadOrder {
  return {
    handle: Number(body.readBigUInt64LE(0)),
    offsetBytes: Number(body.readBigUInt64LE(8)),
    lengthBytes: body.readUInt32LE(16),
  };
}

/**
 * Body that begins with a handle: RELEASE, RELEASEDIR.
 * @param body - of the request
 */
export function decodeHandle(body: Buffer): number {
  return Number(body.readBigUInt64LE(0));
}

/**
 * A name that ends with NUL.
 * @param body - of the request
 * @param offsetBytes - where the name starts
 * @returns its bytes; borrowed
 */
export function decodeNameBytes(body: Buffer, offsetBytes: number): Buffer {
  const end = body.indexOf(0, offsetBytes);
  return body.subarray(offsetBytes, end === -1 ? body.length : end);
}

/** A node that the kernel no longer knows, and how many of its look-ups that takes back. */
export interface Forgotten {
  /** Number of the file. */
  readonly node: number;
  /** Look-ups taken back. */
  readonly count: number;
}

/**
 * Body of BATCH_FORGET: count (4), padding (4), then node (8) and look-ups (8) each.
 * @source linux/fuse.h, struct fuse_batch_forget_in, struct fuse_forget_one
 * @param body - of the request
 */
export function decodeBatchForget(body: Buffer): Forgotten[] {
  const count = Math.min(body.readUInt32LE(0), Math.floor((body.length - 8) / 16));
  return Array.from({ length: count }, (_, index) => ({
    node: Number(body.readBigUInt64LE(8 + index * 16)),
    count: Number(body.readBigUInt64LE(16 + index * 16)),
  }));
}

/** What an LSEEK looks for. */
export interface SeekOrder {
  /** Of what is open. */
  readonly handle: number;
  readonly offsetBytes: number;
  /** What is looked for; undefined for what the kernel answers itself. */
  readonly target: 'data' | 'hole' | undefined;
}

/**
 * Body of LSEEK: handle (8), offset (8), whence (4): 3 for data, 4 for a hole.
 * @source linux/fuse.h, struct fuse_lseek_in
 * @param body - of the request
 */
export function decodeSeek(body: Buffer): SeekOrder {
  const whence = body.readUInt32LE(16);
  const target = whence === 3 ? 'data' : whence === 4 ? 'hole' : undefined;
  return {
    handle: Number(body.readBigUInt64LE(0)),
    offsetBytes: Number(body.readBigUInt64LE(8)),
    target,
  };
}
