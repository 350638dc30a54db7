import assert from 'node:assert/strict';
import { blockBytes } from '../../../src/base/limits.ts';

/** One content that a block was given. */
interface Version {
  /** Names the content; 0 is zeroes. */
  readonly id: number;
  /** By the wall clock, before it was sent, milliseconds. */
  readonly issuedMs: number;
  /** After its acknowledgement had come, milliseconds; Infinity: it never came. */
  ackedMs: number;
}

/** A write that was sent. */
export interface SentWrite {
  /** The server has acknowledged it. */
  acknowledged(): void;
}

/** Which blocks, and what they are to hold. */
export interface PlannedWrite {
  readonly firstBlock: number;
  readonly blockCount: number;
  readonly isZero: boolean;
}

const untouched: Version = { id: 0, issuedMs: 0, ackedMs: 0 };

/**
 * Golden record of a disk: every write that was sent to it, and when. Nobody may write a block while another write of it
 * is under way.
 */
export class WriteRecord {
  readonly blockCount: number;
  readonly #versions: Version[][];
  #lastId = 0;

  /** @param sizeBytes - of the disk, whole blocks; it begins as zeroes */
  constructor(sizeBytes: number) {
    this.blockCount = sizeBytes / blockBytes;
    this.#versions = Array.from({ length: this.blockCount }, () => [untouched]);
  }

  /**
   * Notes a write that is about to be sent.
   * @param write - which
   * @returns its data, and what hears of its end
   */
  sending(write: PlannedWrite): SentWrite & { readonly data: Buffer } {
    const id = write.isZero ? 0 : ++this.#lastId;
    const version: Version = { id, issuedMs: Date.now(), ackedMs: Infinity };
    const data = Buffer.alloc(write.blockCount * blockBytes);
    for (let at = 0; at < write.blockCount; at++) {
      const block = write.firstBlock + at;
      this.#versions[block]!.push(version);
      contentOf(id, block).copy(data, at * blockBytes);
    }
    return { data, acknowledged: () => void (version.ackedMs = Date.now()) };
  }

  /**
   * Holds a disk against the record: what was acknowledged before an instant is in it, and what was sent after it is not.
   * @param content - of the whole disk
   * @param instantMs - by the wall clock; Infinity for the newest state
   * @param what - names the content when it is wrong
   */
  assertHolds(content: Buffer, instantMs: number, what: string): void {
    assert.equal(content.length, this.blockCount * blockBytes, `${what}: its size is wrong`);
    for (const [block, versions] of this.#versions.entries()) {
      const bytes = content.subarray(block * blockBytes, (block + 1) * blockBytes);
      const settled = versions.findLastIndex(({ ackedMs }) => ackedMs < instantMs);
      const possible = versions.slice(settled).filter(({ issuedMs }) => issuedMs <= instantMs);
      if (possible.some(({ id }) => isContent(bytes, id, block))) continue;
      assert.fail(`${what}: ${describe({ block, bytes, versions, settled, instantMs })}`);
    }
  }

  /** Acknowledged block writes. */
  get acknowledgedCount(): number {
    return this.#versions.reduce(
      (sum, versions) => sum + versions.filter(({ ackedMs }) => ackedMs !== Infinity).length - 1,
      0,
    );
  }
}

/** A block that carries its own name: a quarter is noise of a kind, so that it is worth storing. */
function contentOf(id: number, block: number): Buffer {
  if (id === 0) return Buffer.alloc(blockBytes);
  const bytes = Buffer.alloc(blockBytes, `version ${id} of block ${block}; `);
  bytes.writeUInt32LE(id, 0);
  for (let at = 4; at < blockBytes; at += 16) {
    bytes.writeUInt32LE(Math.imul(id * 40_503 + block + at, 0x9e3779b1) >>> 0, at);
  }
  return bytes;
}

function isContent(bytes: Buffer, id: number, block: number): boolean {
  return bytes.readUInt32LE(0) === id && bytes.equals(contentOf(id, block));
}

function describe(found: {
  readonly block: number;
  readonly bytes: Buffer;
  readonly versions: readonly Version[];
  readonly settled: number;
  readonly instantMs: number;
}): string {
  const { block, bytes, versions, settled, instantMs } = found;
  const id = bytes.readUInt32LE(0);
  const isWhole = isContent(bytes, id, block);
  const near = versions.slice(Math.max(0, settled - 1), settled + 3);
  return `block ${block} holds ${isWhole ? 'version' : 'no version, but begins as'} ${id}; at ${instantMs} it may be one of those from ${JSON.stringify(versions[settled])} on: ${JSON.stringify(near)}`;
}
