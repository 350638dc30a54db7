import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { fromSystemError, SecondwindError } from '../../base/errors.ts';
import { blockBytes, groupBytesMax } from '../../base/limits.ts';
import {
  chunksOfGroups,
  decodeExchangeCommit,
  type ExchangeCommit,
} from '../../format/exchange-commit.ts';
import { FormatFault } from '../../format/format-fault.ts';
import type { SpoolCipher, SpooledCommitHead } from '../../format/spooled-commit.ts';
import { packGroup } from './pack-commit.ts';

/** An open file of a spool. */
export interface SpooledFile {
  /** Closed with the commit. */
  readonly file: FileHandle;
  /** Where it lies. */
  readonly path: string;
  readonly head: SpooledCommitHead;
  readonly cipher: SpoolCipher;
  readonly headBytes: number;
}

const decompress = promisify(zstdDecompress);

/** A commit that is being sent out of a spool, a group at a time: never more than one group of it is in memory. */
export class SpooledCommit {
  /** Encoded, as it is offered. */
  readonly encoded: Uint8Array;
  readonly commit: ExchangeCommit;
  readonly #from: SpooledFile;
  readonly #groups: readonly (readonly number[])[];

  private constructor(from: SpooledFile, encoded: Uint8Array) {
    this.#from = from;
    this.encoded = encoded;
    this.commit = decodeExchangeCommit(encoded);
    this.#groups = chunksOfGroups(this.commit);
  }

  /**
   * Reads the description of a commit.
   * @param from - see SpooledFile
   * @throws FormatFault
   */
  static async open(from: SpooledFile): Promise<SpooledCommit> {
    return new SpooledCommit(from, await readPart(from, 0));
  }

  /**
   * What of a group is lacking, compressed.
   * @param group - its number, from 0
   * @param isLacking - tells for each chunk of the commit, counted from 0
   * @returns undefined when nothing of it is
   * @throws DAMAGED, IO_FAILED
   */
  async lackingOf(
    group: number,
    isLacking: (chunk: number) => boolean,
  ): Promise<Uint8Array | undefined> {
    const { chunkBlocks } = this.commit;
    const numbers = this.#groups[group]!;
    const lacking = numbers.filter(isLacking);
    if (lacking.length === 0) return undefined;
    const packed = await this.#read(group + 1);
    if (lacking.length === numbers.length) return packed;
    const plain = await decompress(packed, { maxOutputLength: groupBytesMax });
    let start = 0;
    const parts = numbers.flatMap((chunk) => {
      const part = plain.subarray(start, (start += chunkBlocks[chunk]! * blockBytes));
      return isLacking(chunk) ? [part] : [];
    });
    return packGroup(Buffer.concat(parts));
  }

  /** Lets go of the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#from.file.close();
  }

  async #read(part: number): Promise<Uint8Array> {
    const { path } = this.#from;
    try {
      return await readPart(this.#from, part);
    } catch (error) {
      if (!(error instanceof FormatFault)) throw fromSystemError(error, 'Reading', path);
      const data = { file: path, offset: error.offsetBytes, reason: error.message };
      throw new SecondwindError('DAMAGED', data, error);
    }
  }
}

async function readPart(from: SpooledFile, part: number): Promise<Uint8Array> {
  const { partBytes } = from.head;
  const before = partBytes.slice(0, part).reduce((sum, bytes) => sum + bytes, from.headBytes);
  const sealed = Buffer.alloc(Math.min(partBytes[part]!, partBytesMax));
  const { bytesRead } = await from.file.read(sealed, 0, sealed.length, before);
  if (bytesRead < partBytes[part]!) throw new FormatFault('the file ends early', before);
  return from.cipher.open(part, sealed);
}

/** Nothing longer is ever written. */
const partBytesMax = 8 * 1024 * 1024;
