import { strict as assert } from 'node:assert';
import type { TapDisk } from '../../src/capture/tap/tap-disk.ts';

const sectorBytes = 512;

interface Operation {
  readonly firstSector: number;
  readonly endSector: number;
  readonly value: number;
  readonly issuedAt: number;
  ackedAt: number;
}

/** Counts what happens in a test, so that two things can be put in order. */
export interface EventCounter {
  count: number;
}

/**
 * Random operations on one disk, many at once; every sector says which operation wrote it last. What a cut must show
 * follows from when operations were issued and acknowledged.
 */
export class OperationLog {
  readonly #operations: Operation[] = [];
  readonly #events: EventCounter;

  constructor(events: EventCounter) {
    this.#events = events;
  }

  /** Runs one operation. */
  async operate(tap: TapDisk, random: (below: number) => number): Promise<void> {
    const sectorCount = Math.floor(tap.sizeBytes / sectorBytes);
    const sectors = random(4) === 0 ? 1 + random(1500) : 8 * (1 + random(4));
    const aligned = 8 * random((sectorCount - sectors) / 8);
    const firstSector = random(3) === 0 ? random(sectorCount - sectors) : aligned;
    const isZero = random(6) === 0;
    const operation: Operation = {
      firstSector,
      endSector: firstSector + sectors,
      value: isZero ? 0 : this.#operations.length + 1,
      issuedAt: ++this.#events.count,
      ackedAt: Infinity,
    };
    this.#operations.push(operation);
    const start = firstSector * sectorBytes;
    if (isZero) await tap.writeZeroes(start, sectors * sectorBytes);
    else await tap.write(tagged(sectors, operation.value), start);
    operation.ackedAt = ++this.#events.count;
  }

  /**
   * Asserts that each sector holds what an operation wrote that is at least as new as the newest one acknowledged, and
   * that was issued. Since what depends on an acknowledged operation is issued after it, that is crash consistency.
   */
  assertConsistent(stored: Buffer, cutAt: number): void {
    const sectorCount = Math.floor(stored.length / sectorBytes);
    const allowed: number[][] = Array.from({ length: sectorCount }, () => [0]);
    for (const operation of this.#operations) {
      if (operation.issuedAt > cutAt) continue;
      for (let sector = operation.firstSector; sector < operation.endSector; sector++) {
        if (operation.ackedAt < cutAt) allowed[sector] = [operation.value];
        else allowed[sector]!.push(operation.value);
      }
    }
    for (let sector = 0; sector < sectorCount; sector++) {
      const found = stored.readUInt32LE(sector * sectorBytes);
      if (!allowed[sector]!.includes(found)) {
        assert.fail(`sector ${sector} holds ${found}, allowed ${allowed[sector]!.join()}`);
      }
    }
  }
}

function tagged(sectors: number, value: number): Uint8Array {
  const data = Buffer.alloc(sectors * sectorBytes);
  for (let at = 0; at < data.length; at += sectorBytes) data.writeUInt32LE(value, at);
  return data;
}
