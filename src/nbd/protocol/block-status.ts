import { allocationState } from './numbers.ts';

/** A run of blocks that are alike. */
export interface StatusDescriptor {
  /** Length, bytes, 1 to 2^32 - 1. */
  readonly lengthBytes: number;
  /** Whether it is a hole that reads as zeroes. */
  readonly isHole: boolean;
}

const descriptorBytes = 8;

/**
 * Payload of a chunk that tells the allocation of a span.
 * @param contextId - number the context was given in the handshake
 * @param descriptors - in order, at least one
 * @source proto.md, "NBD_REPLY_TYPE_BLOCK_STATUS": context 4, then per descriptor length 4, status 4
 */
export function encodeBlockStatus(
  contextId: number,
  descriptors: readonly StatusDescriptor[],
): Buffer {
  const payload = Buffer.alloc(4 + descriptorBytes * descriptors.length);
  payload.writeUInt32BE(contextId, 0);
  let at = 4;
  for (const { lengthBytes, isHole } of descriptors) {
    payload.writeUInt32BE(lengthBytes, at);
    payload.writeUInt32BE(isHole ? allocationState.hole | allocationState.zero : 0, at + 4);
    at += descriptorBytes;
  }
  return payload;
}

/**
 * Reads the payload of a chunk that tells the allocation of a span.
 * @param payload - from outside
 * @returns the context's number and its runs, or undefined when it is malformed; only what reads as zeroes counts as hole
 */
export function decodeBlockStatus(
  payload: Buffer,
): { readonly contextId: number; readonly descriptors: readonly StatusDescriptor[] } | undefined {
  const bytes = payload.length - 4;
  if (bytes < descriptorBytes || bytes % descriptorBytes !== 0) return undefined;
  const descriptors: StatusDescriptor[] = [];
  for (let at = 4; at < payload.length; at += descriptorBytes) {
    const lengthBytes = payload.readUInt32BE(at);
    if (lengthBytes === 0) return undefined;
    const isHole = (payload.readUInt32BE(at + 4) & allocationState.zero) !== 0;
    descriptors.push({ lengthBytes, isHole });
  }
  return { contextId: payload.readUInt32BE(0), descriptors };
}
