import { strict as assert } from 'node:assert';
import type { Micros } from '../../base/clock.ts';
import { diskBytesMax } from '../../base/limits.ts';
import type { OrderedStore, StoreEntry, StoreWrite } from '../../keyvalue/ordered-store.ts';
import type { DiskState } from '../contract.ts';
import { CheckedTable } from './checked-table.ts';
import { keyOfMoment, momentMax, momentOfKey } from './row-keys.ts';

/** A time during which a disk's state did not change. */
export interface DiskSpan {
  /** Whether moments of the span can be restored. */
  readonly state: DiskState;
  /** The commit at which it began. */
  readonly fromMicros: Micros;
  /** The commit at which the next span began; left out while it lasts. */
  readonly untilMicros?: Micros;
}

const states: readonly DiskState[] = ['whole', 'filling'];

/**
 * What changes seldom about a disk: (disk, time) → state in `spans`, and → size in `sizes`; a row only where the value
 * became another one, so that "was it whole at T" is one seek however many commits there are.
 */
export class DiskHistoryTable {
  readonly #spans: CheckedTable;
  readonly #sizes: CheckedTable;

  /** @param store - with the tables `spans` and `sizes` */
  constructor(store: OrderedStore) {
    this.#spans = new CheckedTable(store, 'spans');
    this.#sizes = new CheckedTable(store, 'sizes');
  }

  /**
   * Finds the span that a moment lies in.
   * @param disk - number
   * @param timeMicros - moment
   * @returns undefined before the disk's first commit
   * @throws DAMAGED
   */
  spanAt(disk: number, timeMicros: Micros): DiskSpan | undefined {
    const row = this.#spans.first(upTo(disk, timeMicros));
    if (row === undefined) return undefined;
    const [, next] = this.spans(disk, momentOfKey(row.key), 2);
    return spanOf(this.#state(row), momentOfKey(row.key), next?.fromMicros);
  }

  /**
   * Lists spans from old to new.
   * @param disk - number
   * @param fromMicros - spans that begin at this moment or later
   * @param limit - most spans; go on behind the last one's beginning
   * @throws DAMAGED
   */
  spans(disk: number, fromMicros: Micros, limit: number): DiskSpan[] {
    const from = keyOfMoment(disk, fromMicros);
    const before = keyOfMoment(disk + 1, 0);
    const rows = [...this.#spans.range({ from, before, limit: limit + 1 })];
    return rows.slice(0, limit).map((row, index) => {
      const next = rows[index + 1];
      return spanOf(this.#state(row), momentOfKey(row.key), next && momentOfKey(next.key));
    });
  }

  /**
   * Tells a disk's size at a moment.
   * @param disk - number
   * @param timeMicros - moment
   * @returns bytes; undefined before the disk's first commit
   * @throws DAMAGED
   */
  sizeAt(disk: number, timeMicros: Micros): number | undefined {
    const row = this.#sizes.first(upTo(disk, timeMicros));
    if (row === undefined) return undefined;
    const sizeBytes =
      row.value.length === 8 ? Buffer.from(row.value).readBigUInt64LE() : BigInt(diskBytesMax + 1);
    if (sizeBytes > diskBytesMax) throw this.#sizes.damage(row.key, 'a disk is too large');
    return Number(sizeBytes);
  }

  /**
   * Makes the rows of what became different.
   * @param disk - number
   * @param timeMicros - of the commit
   * @param became - only what is not as before
   */
  rows(
    disk: number,
    timeMicros: Micros,
    became: { readonly state?: DiskState; readonly sizeBytes?: number },
  ): StoreWrite[] {
    const key = keyOfMoment(disk, timeMicros);
    const writes: StoreWrite[] = [];
    if (became.state !== undefined) {
      writes.push(this.#spans.row(key, Uint8Array.of(states.indexOf(became.state))));
    }
    if (became.sizeBytes !== undefined) {
      assert(became.sizeBytes >= 0 && became.sizeBytes <= diskBytesMax);
      const content = Buffer.alloc(8);
      content.writeBigUInt64LE(BigInt(became.sizeBytes));
      writes.push(this.#sizes.row(key, content));
    }
    return writes;
  }

  /**
   * Makes the write that removes a row of `spans`: the span before it goes on instead.
   * @param disk - number
   * @param fromMicros - at which the span began
   */
  spanRemoval(disk: number, fromMicros: Micros): StoreWrite {
    return { table: this.#spans.name, key: keyOfMoment(disk, fromMicros) };
  }

  #state(row: StoreEntry): DiskState {
    const state = row.value.length === 1 ? states[row.value[0]!] : undefined;
    if (state === undefined) throw this.#spans.damage(row.key, 'a state is not known');
    return state;
  }
}

function upTo(
  disk: number,
  timeMicros: Micros,
): { from: Uint8Array; before: Uint8Array; isDescending: true } {
  const before = keyOfMoment(disk, Math.max(0, Math.min(timeMicros, momentMax - 1) + 1));
  return { from: keyOfMoment(disk, 0), before, isDescending: true };
}

function spanOf(state: DiskState, fromMicros: Micros, untilMicros: Micros | undefined): DiskSpan {
  return { state, fromMicros, ...(untilMicros === undefined ? {} : { untilMicros }) };
}
