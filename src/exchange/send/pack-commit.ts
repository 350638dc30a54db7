import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { SecondwindError } from '../../base/errors.ts';
import { blockBytes, groupBytesTarget, regionBlocks } from '../../base/limits.ts';
import {
  type CommitExtent,
  type CommitRecord,
  excludedStartBlock,
} from '../../format/commit-record.ts';
import {
  encodeExchangeCommit,
  exchangeCommitDataBytes,
  exchangeGroupChunksMax,
} from '../../format/exchange-commit.ts';
import {
  exchangeChunksMax,
  exchangeCommitBytesMax,
  exchangeMessageBytesMax,
} from '../../format/exchange-limits.ts';
import { nextPiece } from '../../pipeline/next-piece.ts';
import type { BlockRun, CommitRequest, DiskChange } from '../../repository/contract.ts';
import { keyedHash } from '../keyed-hash.ts';

/** A commit ready to be sent. */
export interface PackedCommit {
  /** Encoded ExchangeCommit. */
  readonly commit: Uint8Array;
  /** Each group of chunks, compressed as one zstd frame. */
  readonly groups: readonly Uint8Array[];
  /** Changed blocks, with zeroes, bytes. */
  readonly changedBytes: number;
  /** Chunks before compression, bytes. */
  readonly dataBytes: number;
}

/** Where a commit stands, and how its chunks are named. */
export interface PackOrder {
  /** Position in the stream, from 1. */
  readonly position: number;
  /** 32 bytes. */
  readonly nameKey: Uint8Array;
  /** Time of the commit, microseconds; instead of the request's. */
  readonly timeMicros: number;
}

const compress = promisify(zstdCompress);
const level = 1;
const nothing = new Uint8Array(32);

/**
 * Cuts a commit into chunks, names and compresses them. Content that occurs twice in it is sent once.
 * @param request - its memory is borrowed until the call ends
 * @param order - see PackOrder
 * @throws LIMIT_EXCEEDED when it is too large for the exchange
 */
export async function packCommit(request: CommitRequest, order: PackOrder): Promise<PackedCommit> {
  const chunks = new ChunkList(order.nameKey);
  const disks = request.disks.map((change) => diskOf(change, chunks));
  const changedBytes = request.disks.reduce((sum, { runs }) => sum + bytesOf(runs), 0);
  const { groupChunks, chunkBlocks } = chunks;
  const dataBytes = exchangeCommitDataBytes({ chunkBlocks });
  limit('the data of a commit', dataBytes, exchangeCommitBytesMax);
  limit('the number of chunks of a commit', chunkBlocks.length, exchangeChunksMax);
  const record = { ...recordOf(request, order), changedBytes, chunkNames: chunks.names, disks };
  const commit = encodeExchangeCommit({
    position: order.position,
    groupChunks,
    chunkBlocks,
    record,
  });
  limit('the description of a commit', commit.length, exchangeMessageBytesMax);
  const groups = await Promise.all(chunks.groups().map((plain) => packGroup(plain)));
  return { commit, groups, changedBytes, dataBytes };
}

/**
 * Compresses a group, or what of it is lacking.
 * @param plain - chunks, one after the other
 * @returns one zstd frame
 */
export async function packGroup(plain: Uint8Array): Promise<Uint8Array> {
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  return compress(plain, { params, pledgedSrcSize: plain.length });
}

function recordOf(
  { machine, consistency, notes = [] }: CommitRequest,
  { timeMicros }: PackOrder,
): Omit<CommitRecord, 'changedBytes' | 'chunkNames' | 'disks'> {
  return {
    machine,
    timeMicros,
    consistency,
    notes: notes.map(({ kind, text, disk = '', fromMicros = 0 }) => {
      return { kind, text, disk, fromMicros };
    }),
    ...{ sequence: 0, previousHash: nothing, acknowledgedBytes: 0, previousRecordBytes: 0 },
    ...{ newBytes: 0, storedBytes: 0 },
  };
}

function diskOf({ disk, sizeBytes, state, runs }: DiskChange, chunks: ChunkList) {
  const regions = new Map<number, CommitExtent[]>();
  for (const run of runs) {
    for (const piece of piecesOf(run, chunks)) {
      const region = Math.floor(piece.firstBlock / regionBlocks);
      const extents = regions.get(region) ?? [];
      regions.set(region, extents);
      extents.push({
        startBlock: piece.firstBlock % regionBlocks,
        blockCount: piece.blockCount,
        chunk: piece.chunk,
        chunkStartBlock: run.isExcluded === true ? excludedStartBlock : 0,
      });
    }
  }
  const inOrder = [...regions].map(([region, extents]) => ({ region, extents }));
  return { disk, sizeBytes, state, regions: inOrder };
}

interface Piece {
  readonly firstBlock: number;
  readonly blockCount: number;
  /** As in records: 0 for zeroes. */
  readonly chunk: number;
}

function* piecesOf(
  { firstBlock, blockCount, data }: BlockRun,
  chunks: ChunkList,
): Generator<Piece> {
  if (data === undefined) {
    yield* zeroPieces(firstBlock, blockCount);
    return;
  }
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
  const run = { bytes, offsetBytes: 0, blockCount, firstBlock };
  for (let block = 0; block < blockCount; ) {
    const piece = nextPiece(run, block);
    const [first, start] = [firstBlock + block, block * blockBytes];
    const content = bytes.subarray(start, start + piece.blockCount * blockBytes);
    if (piece.isZero) yield* zeroPieces(first, piece.blockCount);
    else yield { firstBlock: first, blockCount: piece.blockCount, chunk: chunks.add(content) };
    block += piece.blockCount;
  }
}

/** No extent crosses the border of a region. */
function* zeroPieces(firstBlock: number, blockCount: number): Generator<Piece> {
  const endBlock = firstBlock + blockCount;
  for (let block = firstBlock; block < endBlock; ) {
    const border = (Math.floor(block / regionBlocks) + 1) * regionBlocks;
    const end = Math.min(border, endBlock);
    yield { firstBlock: block, blockCount: end - block, chunk: 0 };
    block = end;
  }
}

/** The chunks of a commit, gathered into groups as they are found. */
class ChunkList {
  readonly names: Uint8Array[] = [];
  readonly chunkBlocks: number[] = [];
  readonly groupChunks: number[] = [];
  readonly #nameKey: Uint8Array;
  readonly #known = new Map<string, number>();
  readonly #contents: Uint8Array[] = [];
  #groupBytes = groupBytesTarget;

  constructor(nameKey: Uint8Array) {
    this.#nameKey = nameKey;
  }

  /** @returns its number, from 1 */
  add(content: Uint8Array): number {
    const name = keyedHash(this.#nameKey, content);
    const text = name.toString('latin1');
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    this.names.push(name);
    this.chunkBlocks.push(content.length / blockBytes);
    this.#contents.push(content);
    this.#known.set(text, this.names.length);
    this.#addToGroup(content.length);
    return this.names.length;
  }

  /** Content of each group, copied out of the memory that was borrowed. */
  groups(): Uint8Array[] {
    let chunk = 0;
    return this.groupChunks.map((count) => {
      chunk += count;
      return Buffer.concat(this.#contents.slice(chunk - count, chunk));
    });
  }

  #addToGroup(lengthBytes: number): void {
    const chunkCount = this.groupChunks.at(-1) ?? exchangeGroupChunksMax;
    if (this.#groupBytes >= groupBytesTarget || chunkCount >= exchangeGroupChunksMax) {
      this.groupChunks.push(0);
      this.#groupBytes = 0;
    }
    this.groupChunks[this.groupChunks.length - 1]! += 1;
    this.#groupBytes += lengthBytes;
  }
}

function bytesOf(runs: readonly BlockRun[]): number {
  return runs.reduce((sum, { blockCount }) => sum + blockCount * blockBytes, 0);
}

function limit(what: string, value: number, max: number): void {
  if (value > max) throw new SecondwindError('LIMIT_EXCEEDED', { what, value, limit: max });
}
