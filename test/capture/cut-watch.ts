import { strict as assert } from 'node:assert';
import { crc32 } from 'node:zlib';
import type { Micros } from '../../src/base/clock.ts';
import { blockBytes } from '../../src/base/limits.ts';
import { machine, type Rig } from './rig.ts';

interface Snapshot {
  /** Checksum of every block of every disk at the instant. */
  readonly blocks: Uint32Array[];
  readonly underWay:
    | { readonly disk: number; readonly first: number; readonly end: number }
    | undefined;
}

/**
 * Notes what the backings hold at the instant of every cut, for tests that do one operation after the other on backings that
 * answer at once. Afterwards every commit that calls a disk whole can be held against it.
 */
export class CutWatch {
  readonly #rig: Rig;
  readonly #snapshots = new Map<Micros, Snapshot>();
  #underWay: Snapshot['underWay'];

  constructor(rig: Rig) {
    this.#rig = rig;
    rig.atCut = (timeMicros) => {
      const blocks = rig.disks.map((disk) => {
        const content = Buffer.alloc(disk.backing.sizeBytes);
        disk.backing.below.peek(content);
        return checksums(content);
      });
      this.#snapshots.set(timeMicros, { blocks, underWay: this.#underWay });
    };
  }

  /** Notes that an operation is under way: its blocks may be in a cut or not. */
  async during<T>(
    disk: number,
    range: { readonly offsetBytes: number; readonly lengthBytes: number },
    operation: () => T | Promise<T>,
  ): Promise<T> {
    const first = Math.floor(range.offsetBytes / blockBytes);
    const end = Math.ceil((range.offsetBytes + range.lengthBytes) / blockBytes);
    this.#underWay = { disk, first, end };
    try {
      return await operation();
    } finally {
      this.#underWay = undefined;
    }
  }

  /** Asserts that every commit from one on that calls a disk whole shows it as it was. @returns how many were held */
  async assertHonest(fromCommit: number): Promise<number> {
    let held = 0;
    const states = this.#rig.disks.map(() => 'filling');
    for (const [index, commit] of this.#rig.repository.commits.entries()) {
      for (const change of commit.disks) {
        states[this.#rig.disks.findIndex((disk) => disk.name === change.disk)] = change.state;
      }
      if (index < fromCommit) continue;
      const snapshot = this.#snapshots.get(commit.timeMicros);
      assert.ok(snapshot !== undefined, 'a commit without a cut');
      for (const [which, disk] of this.#rig.disks.entries()) {
        if (states[which] !== 'whole') continue;
        const name = { machine, disk: disk.name };
        const stored = checksums(await this.#rig.repository.contentAt(name, commit.timeMicros));
        assertSame(stored, snapshot, which);
        held++;
      }
    }
    return held;
  }
}

function assertSame(stored: Uint32Array, snapshot: Snapshot, disk: number): void {
  const { underWay } = snapshot;
  for (const [block, checksum] of stored.entries()) {
    if (underWay?.disk === disk && block >= underWay.first && block < underWay.end) continue;
    assert.equal(checksum, snapshot.blocks[disk]![block], `block ${block} of disk ${disk}`);
  }
}

function checksums(content: Buffer): Uint32Array {
  const blocks = new Uint32Array(Math.ceil(content.length / blockBytes));
  return blocks.map((_, i) => crc32(content.subarray(i * blockBytes, (i + 1) * blockBytes)));
}
