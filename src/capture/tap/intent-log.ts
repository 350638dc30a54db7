import type { Micros } from '../../base/clock.ts';
import { intentWriteAttemptsMax } from '../../base/limits.ts';
import { FormatFault } from '../../format/format-fault.ts';
import {
  decodeIntentMap,
  encodeIntentHeader,
  encodeIntentSector,
  type IntentHeader,
  type IntentMap,
  intentExtentCount,
  intentSectorBitBytes,
  intentSectorBytes,
  intentSectorCount,
  intentSectorExtents,
} from '../../format/intent-map.ts';
import type { RandomFile } from '../random-file.ts';

/** What can be seen of a backing without reading it. */
export interface BackingStamp {
  /** Size, bytes; 0 when not known. */
  readonly sizeBytes: number;
  /** Time of the last change, microseconds; 0 when not known. */
  readonly modifiedMicros: Micros;
}

const clean = 0;
const queued = 1;
const beingWritten = 2;
const active = 3;

interface Batch {
  readonly extents: number[];
  readonly settled: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The intent map of one disk while it is in use: makes sure that an extent's bit is on stable storage before the first
 * write to the extent goes to the backing. First touches that come together share one sync.
 *
 * Invariants: the file is written by one caller at a time, from `#bits` as it stands at that moment; `#states[e]` is
 * `active` only while bit e is set in the file and synced; a bit may be set in the file without its extent being active.
 */
export class IntentLog {
  readonly #file: RandomFile;
  readonly #diskBytes: number;
  readonly #bits: Uint8Array;
  readonly #states: Uint8Array;
  readonly #touched: Uint32Array;
  readonly #unwritten = new Set<number>();
  #activeCount = 0;
  /** Where the next sweep goes on. */
  #turn = 0;
  #next: Batch | undefined;
  #current: Batch | undefined;
  #writing: Promise<void> | undefined;
  #storedMicros: Micros = 0;

  /**
   * @param file - the map's file; closed by `close`
   * @param diskBytes - size of the disk, bytes
   */
  constructor(file: RandomFile, diskBytes: number) {
    this.#file = file;
    this.#diskBytes = diskBytes;
    this.#bits = new Uint8Array(intentSectorCount(diskBytes) * intentSectorBitBytes);
    this.#states = new Uint8Array(intentExtentCount(diskBytes));
    this.#touched = new Uint32Array(intentExtentCount(diskBytes));
  }

  /** Extents whose bit is set and synced. */
  get activeCount(): number {
    return this.#activeCount;
  }

  /** Extents of the disk. */
  get extentCount(): number {
    return this.#states.length;
  }

  /**
   * Reads what the last user of the file left.
   * @returns the map, or why it says nothing
   * @throws IO_FAILED
   */
  async read(): Promise<IntentMap | FormatFault> {
    const bytes = new Uint8Array((1 + intentSectorCount(this.#diskBytes)) * intentSectorBytes);
    const lengthBytes = await this.#file.read(bytes, 0);
    try {
      return decodeIntentMap(bytes.subarray(0, lengthBytes), this.#diskBytes);
    } catch (error) {
      if (error instanceof FormatFault) return error;
      throw error;
    }
  }

  /**
   * Begins to use the map. When this ends, the file says on stable storage that the disk is in use and that these extents
   * must be compared.
   * @param extents - extents that may differ from what is stored; they are active from now on
   * @param storedMicros - time of the newest commit of the disk, 0 for none
   * @throws NO_SPACE or IO_FAILED
   */
  async begin(extents: Iterable<number>, storedMicros: Micros): Promise<void> {
    this.#storedMicros = storedMicros;
    for (const extent of extents) {
      this.#setBit(extent);
      this.#activate(extent);
    }
    // Bits first: a crash in between leaves the old head, which is clean or unreadable, with bits that count anyway.
    const sectors = intentSectorCount(this.#diskBytes);
    const whole = new Uint8Array(sectors * intentSectorBytes);
    for (let sector = 1; sector <= sectors; sector++) {
      whole.set(encodeIntentSector(this.#bits, sector), (sector - 1) * intentSectorBytes);
    }
    await this.#file.write(whole, intentSectorBytes);
    await this.#file.sync();
    await this.#writeHeader(false, noStamp);
    await this.#file.sync();
    this.#unwritten.clear();
  }

  /**
   * Whether every extent of a range is active, so that a write may go ahead at once.
   * @param first - first extent
   * @param last - last extent
   */
  isActive(first: number, last: number): boolean {
    for (let extent = first; extent <= last; extent++) {
      if (this.#states[extent] !== active) return false;
    }
    return true;
  }

  /**
   * Makes a range active; when this ends its bits are on stable storage.
   * @param first - first extent
   * @param last - last extent
   * @throws NO_SPACE or IO_FAILED when the map cannot be written: the write it was for must not be made
   */
  async activate(first: number, last: number): Promise<void> {
    let awaitsCurrent = false;
    let awaitsNext = false;
    for (let extent = first; extent <= last; extent++) {
      const state = this.#states[extent]!;
      if (state === clean) this.#enqueue(extent);
      awaitsCurrent ||= state === beingWritten;
      awaitsNext ||= state === clean || state === queued;
    }
    const waits: Promise<void>[] = [];
    if (awaitsCurrent) waits.push(this.#current!.settled);
    if (awaitsNext) waits.push(this.#next!.settled);
    if (waits.length > 0) this.#writing ??= this.#writeAll();
    await Promise.all(waits);
  }

  /**
   * Notes in which cut the newest write to a range is.
   * @param first - first extent
   * @param last - last extent
   * @param cutNumber - number of the cut
   */
  touch(first: number, last: number, cutNumber: number): void {
    for (let extent = first; extent <= last; extent++) this.#touched[extent] = cutNumber;
  }

  /** Cut in which the newest write to an extent is. @param extent - its number */
  touchedAt(extent: number): number {
    return this.#touched[extent]!;
  }

  /** @returns the active extents, ascending */
  *activeExtents(): Generator<number> {
    let extent = this.#states.indexOf(active);
    while (extent >= 0) {
      yield extent;
      extent = this.#states.indexOf(active, extent + 1);
    }
  }

  /**
   * Takes the next active extents in turn, from the last one of the call before on and round again.
   * @param extentsMax - most of them
   */
  nextActive(extentsMax: number): number[] {
    const count = Math.min(extentsMax, this.#activeCount);
    const extents: number[] = [];
    while (extents.length < count) {
      this.#turn = this.#states.indexOf(active, this.#turn);
      if (this.#turn < 0) this.#turn = this.#states.indexOf(active);
      extents.push(this.#turn++);
    }
    return extents;
  }

  /**
   * Clears extents: everything there is stored, and on stable storage in the backing. The file follows soon, without haste.
   * @param extents - active extents
   * @param storedMicros - time of the newest commit of the disk
   */
  clear(extents: readonly number[], storedMicros: Micros): void {
    for (const extent of extents) {
      if (this.#states[extent] !== active) continue;
      this.#states[extent] = clean;
      this.#activeCount--;
      this.#clearBit(extent);
    }
    this.#storedMicros = Math.max(this.#storedMicros, storedMicros);
    this.#unwritten.add(0);
    this.#writing ??= this.#writeAll();
  }

  /**
   * Ends using the map and closes the file.
   * @param clean - when everything is stored: the backing as it is left, and the time of the disk's newest commit; left
   *   out: the bits stay as they are
   * @throws NO_SPACE or IO_FAILED; the map then counts as not clean
   */
  async close(clean?: {
    readonly stamp: BackingStamp;
    readonly storedMicros: Micros;
  }): Promise<void> {
    await this.#writing;
    try {
      if (clean !== undefined) {
        this.clear([...this.activeExtents()], clean.storedMicros);
        await this.#writing;
        await this.#writeUnwritten();
        await this.#file.sync();
        await this.#writeHeader(true, clean.stamp);
        await this.#file.sync();
      }
    } finally {
      await this.#file.close();
    }
  }

  #enqueue(extent: number): void {
    this.#next ??= newBatch();
    this.#next.extents.push(extent);
    this.#states[extent] = queued;
    this.#setBit(extent);
  }

  async #writeAll(): Promise<void> {
    // What is touched in the same turn comes along.
    await Promise.resolve();
    while (this.#next !== undefined || this.#unwritten.size > 0) {
      const batch = this.#next;
      this.#next = undefined;
      if (batch === undefined) {
        // Clearing is a kindness to the next start: when it fails, the bits stay set and are written with the next batch.
        const { isDone } = await this.#attempt(false);
        if (!isDone && !this.#hasNext) break;
        continue;
      }
      this.#current = batch;
      for (const extent of batch.extents) this.#states[extent] = beingWritten;
      this.#settle(batch, await this.#attempt(true));
      this.#current = undefined;
    }
    this.#writing = undefined;
  }

  get #hasNext(): boolean {
    return this.#next !== undefined;
  }

  #settle(batch: Batch, outcome: { isDone: boolean; error?: unknown }): void {
    for (const extent of batch.extents) {
      if (outcome.isDone) {
        this.#activate(extent);
      } else {
        this.#states[extent] = clean;
        this.#clearBit(extent);
      }
    }
    if (outcome.isDone) batch.resolve();
    else batch.reject(outcome.error);
  }

  async #attempt(mustSync: boolean): Promise<{ isDone: boolean; error?: unknown }> {
    let lastError: unknown;
    const sectors = [...this.#unwritten];
    for (let attempt = 0; attempt < (mustSync ? intentWriteAttemptsMax : 1); attempt++) {
      try {
        // After a failed sync the system may have dropped what was written, so all of it is written again.
        for (const sector of sectors) this.#unwritten.add(sector);
        await this.#writeUnwritten();
        if (mustSync) await this.#file.sync();
        return { isDone: true };
      } catch (error) {
        lastError = error;
      }
    }
    for (const sector of sectors) this.#unwritten.add(sector);
    return { isDone: false, error: lastError };
  }

  async #writeUnwritten(): Promise<void> {
    for (const sector of [...this.#unwritten]) {
      this.#unwritten.delete(sector);
      try {
        if (sector === 0) await this.#writeHeader(false, noStamp);
        else
          await this.#file.write(
            encodeIntentSector(this.#bits, sector),
            sector * intentSectorBytes,
          );
      } catch (error) {
        this.#unwritten.add(sector);
        throw error;
      }
    }
  }

  async #writeHeader(isClean: boolean, stamp: BackingStamp): Promise<void> {
    const header: IntentHeader = {
      isClean,
      diskBytes: this.#diskBytes,
      backingBytes: stamp.sizeBytes,
      backingMicros: stamp.modifiedMicros,
      storedMicros: this.#storedMicros,
    };
    await this.#file.write(encodeIntentHeader(header), 0);
  }

  #activate(extent: number): void {
    this.#states[extent] = active;
    this.#activeCount++;
  }

  #setBit(extent: number): void {
    this.#bits[extent >>> 3]! |= 1 << (extent & 7);
    this.#unwritten.add(1 + Math.floor(extent / intentSectorExtents));
  }

  #clearBit(extent: number): void {
    this.#bits[extent >>> 3]! &= ~(1 << (extent & 7));
    this.#unwritten.add(1 + Math.floor(extent / intentSectorExtents));
  }
}

const noStamp: BackingStamp = { sizeBytes: 0, modifiedMicros: 0 };

function newBatch(): Batch {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const settled = new Promise<void>((accept, refuse) => {
    resolve = accept;
    reject = refuse;
  });
  return { extents: [], settled, resolve, reject };
}
