import { strict as assert } from 'node:assert';
import { webcrypto } from 'node:crypto';
import { SecondwindError } from '../../base/errors.ts';
import { blockBytes } from '../../base/limits.ts';
import type { RandomFile } from '../random-file.ts';
import { type SlabPool, slabBlocks } from '../slab-pool.ts';

/** Where a cut lies in the spool. */
export interface SpoolPlace {
  /** Where it begins in the file, bytes. */
  readonly offsetBytes: number;
  /** Its length there, bytes. */
  readonly lengthBytes: number;
  /** Blocks in it. */
  readonly blockCount: number;
  /** Counter of its first piece: the nonce it was sealed with. */
  readonly firstPiece: number;
}

/** Parts and bounds of a spool. */
export interface SpoolOptions {
  /** Its file; what it held before is overwritten. */
  readonly file: RandomFile;
  /** 32 random bytes that live as long as this process: plain data never rests. */
  readonly key: Uint8Array;
  /** Most disk space, bytes. */
  readonly bytesMax: number;
}

const algorithm = 'AES-GCM';
const tagBytes = 16;
const pieceBlocks = slabBlocks;

/**
 * An extension of memory on disk, used as a ring: what goes in first comes out first. It is sealed with a key that is
 * never stored, so it means nothing to the next process and needs no order of writing.
 */
export class Spool {
  readonly #file: RandomFile;
  readonly #key: Promise<webcrypto.CryptoKey>;
  /** Most disk space, bytes. */
  readonly bytesMax: number;
  readonly #places: SpoolPlace[] = [];
  #pieces = 0;

  /** @param options - see SpoolOptions */
  constructor(options: SpoolOptions) {
    assert(options.key.length === 32);
    this.#file = options.file;
    this.#key = webcrypto.subtle.importKey('raw', Uint8Array.from(options.key), algorithm, false, [
      'encrypt',
      'decrypt',
    ]);
    this.bytesMax = options.bytesMax;
  }

  /** Disk space in use, bytes. */
  get usedBytes(): number {
    return this.#places.reduce((sum, place) => sum + place.lengthBytes, 0);
  }

  /**
   * Puts blocks away.
   * @param positions - where they lie in the pool
   * @param pool - borrowed until the call ends
   * @returns their place; undefined when there is no room
   * @throws NO_SPACE or IO_FAILED
   */
  async put(positions: Int32Array, pool: SlabPool): Promise<SpoolPlace | undefined> {
    const pieceCount = Math.ceil(positions.length / pieceBlocks);
    const lengthBytes = positions.length * blockBytes + pieceCount * tagBytes;
    const offsetBytes = this.#findRoom(lengthBytes);
    if (offsetBytes < 0) return undefined;
    const firstPiece = this.#pieces;
    const place = { offsetBytes, lengthBytes, blockCount: positions.length, firstPiece };
    this.#pieces += pieceCount;
    this.#places.push(place);
    try {
      await this.#write(place, positions, pool);
    } catch (error) {
      this.free(place);
      throw error;
    }
    return place;
  }

  /**
   * Brings blocks back.
   * @param place - where they were put
   * @param pool - receives them
   * @param slabs - memory for them, in order, each filled whole but the last
   * @throws IO_FAILED, or DAMAGED when the file no longer holds what was put there
   */
  async get(place: SpoolPlace, pool: SlabPool, slabs: readonly number[]): Promise<void> {
    let offsetBytes = place.offsetBytes;
    for (const [index, slab] of slabs.entries()) {
      const blocks = Math.min(pieceBlocks, place.blockCount - index * pieceBlocks);
      const sealed = new Uint8Array(blocks * blockBytes + tagBytes);
      const bytesRead = await this.#file.read(sealed, offsetBytes);
      const plain =
        bytesRead === sealed.length
          ? await this.#unseal(sealed, place.firstPiece + index)
          : undefined;
      if (plain === undefined) {
        const reason = 'what was put there cannot be read back';
        throw new SecondwindError('DAMAGED', { file: 'the spool', offset: offsetBytes, reason });
      }
      pool.bytes(slab).set(plain);
      offsetBytes += sealed.length;
    }
  }

  /** Gives room back. @param place - as `put` returned it */
  free(place: SpoolPlace): void {
    const index = this.#places.indexOf(place);
    assert(index >= 0, 'a place in the spool was freed twice');
    this.#places.splice(index, 1);
  }

  /** Closes the file. @throws IO_FAILED */
  async close(): Promise<void> {
    await this.#file.close();
  }

  async #write(place: SpoolPlace, positions: Int32Array, pool: SlabPool): Promise<void> {
    let offsetBytes = place.offsetBytes;
    let piece = place.firstPiece;
    for (let from = 0; from < positions.length; from += pieceBlocks) {
      const part = positions.subarray(from, from + pieceBlocks);
      const sealed = await this.#seal(collect(part, pool), piece++);
      await this.#file.write(sealed, offsetBytes);
      offsetBytes += sealed.length;
    }
  }

  /** First byte of room after the newest place, or at the start of the file again. */
  #findRoom(lengthBytes: number): number {
    const oldest = this.#places[0];
    const newest = this.#places.at(-1);
    if (oldest === undefined || newest === undefined) return lengthBytes <= this.bytesMax ? 0 : -1;
    const end = newest.offsetBytes + newest.lengthBytes;
    if (newest.offsetBytes < oldest.offsetBytes) {
      return end + lengthBytes <= oldest.offsetBytes ? end : -1;
    }
    if (end + lengthBytes <= this.bytesMax) return end;
    return lengthBytes <= oldest.offsetBytes ? 0 : -1;
  }

  /** In the thread pool: the event loop serves disks. */
  async #seal(plain: Uint8Array<ArrayBuffer>, piece: number): Promise<Uint8Array> {
    const how = { name: algorithm, iv: nonce(piece) };
    return new Uint8Array(await webcrypto.subtle.encrypt(how, await this.#key, plain));
  }

  async #unseal(sealed: Uint8Array<ArrayBuffer>, piece: number): Promise<Uint8Array | undefined> {
    const how = { name: algorithm, iv: nonce(piece) };
    const key = await this.#key;
    try {
      return new Uint8Array(await webcrypto.subtle.decrypt(how, key, sealed));
    } catch {
      return undefined;
    }
  }
}

function collect(positions: Int32Array, pool: SlabPool): Uint8Array<ArrayBuffer> {
  const plain = new Uint8Array(positions.length * blockBytes);
  for (const [index, position] of positions.entries()) {
    plain.set(pool.blocks(position, 1), index * blockBytes);
  }
  return plain;
}

function nonce(piece: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12);
  new DataView(bytes.buffer).setBigUint64(4, BigInt(piece), true);
  return bytes;
}
