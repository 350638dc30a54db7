import { u16le, u32le } from '../../integers.ts';

/**
 * Fast commits lie behind the log, one block left out: pieces, each with a tag of 2 bytes, the length of its value in 2, and the value; little-endian. The
 * first is a head, whose value is a mask of features and the sequence of the transaction that it goes on from.
 * @source kernel: fs/ext4/fast_commit.h
 */
const headTag = 9;
const headBytes = 8;
const sequenceAt = 8;

/**
 * Whether there are fast commits behind the last transaction of the log.
 * @param bytes - the first block of fast commits; borrowed
 * @param nextSequence - sequence that the next transaction would have
 */
export function hasFastCommits(bytes: Uint8Array, nextSequence: number): boolean {
  const isHead = u16le(bytes, 0) === headTag && u16le(bytes, 2) >= headBytes;
  return isHead && u32le(bytes, sequenceAt) === nextSequence;
}
