import { strict as assert } from 'node:assert';
import { nameBytesMax } from '../../base/limits.ts';
import { ByteReader } from '../../format/byte-reader.ts';
import { ByteWriter } from '../../format/byte-writer.ts';
import { FormatFault } from '../../format/format-fault.ts';
import type { OrderedStore, StoreWrite } from '../../keyvalue/ordered-store.ts';
import type { DiskName } from '../contract.ts';
import { CheckedTable, type RowSealer } from './checked-table.ts';
import { diskNumberMax, machineNumberMax } from './index-limits.ts';
import { keyOfNumber, numberOfKey } from './row-keys.ts';

/** A disk and its numbers. */
export interface NumberedDisk extends DiskName {
  /** Of the disk, from 1. */
  readonly diskNumber: number;
  /** Of its machine, from 1. */
  readonly machineNumber: number;
}

/**
 * Machines and disks by name and by number. Numbers are given from 1 in order of first appearance. All of them are held
 * in memory: they are few, and asked for with every commit.
 */
export class NameTable {
  readonly #machineTable: CheckedTable;
  readonly #diskTable: CheckedTable;
  #machines: string[] = [];
  #machineNumbers = new Map<string, number>();
  #disks: NumberedDisk[] = [];
  #diskNumbers = new Map<string, number>();

  /**
   * @param store - with the tables `machines` and `disks`
   * @param sealer - for the names
   */
  constructor(store: OrderedStore, sealer?: RowSealer) {
    this.#machineTable = new CheckedTable(store, 'machines', sealer);
    this.#diskTable = new CheckedTable(store, 'disks', sealer);
  }

  /**
   * Reads all names, forgetting what was not stored.
   * @throws DAMAGED
   */
  load(): void {
    this.#machines = [];
    this.#machineNumbers = new Map();
    this.#disks = [];
    this.#diskNumbers = new Map();
    for (const row of this.#machineTable.range({ limit: machineNumberMax + 1 })) {
      this.#inOrder(this.#machineTable, row.key, this.#machines.length + 1);
      this.#addMachine(read(this.#machineTable, row, (reader) => reader.text(nameBytesMax)));
    }
    for (const row of this.#diskTable.range({ limit: diskNumberMax + 1 })) {
      this.#inOrder(this.#diskTable, row.key, this.#disks.length + 1);
      const { machineNumber, disk } = read(this.#diskTable, row, (reader) => ({
        machineNumber: reader.u32(),
        disk: reader.text(nameBytesMax),
      }));
      if (this.#machines[machineNumber - 1] === undefined) {
        throw this.#diskTable.damage(row.key, 'a disk has no machine');
      }
      this.#addDisk(machineNumber, disk);
    }
  }

  /** Names of all machines, in order of their numbers from 1. */
  get machines(): readonly string[] {
    return this.#machines;
  }

  /** All disks, in order of their numbers from 1. */
  get disks(): readonly NumberedDisk[] {
    return this.#disks;
  }

  /**
   * @param machineNumber - of the machine
   * @param disk - name of one of its disks
   * @returns the disk's number, undefined when it never appeared
   */
  diskOf(machineNumber: number, disk: string): number | undefined {
    const machine = this.#machines[machineNumber - 1];
    return machine === undefined ? undefined : this.diskNumber({ machine, disk });
  }

  /**
   * @param machine - name
   * @returns its number, undefined when it never appeared
   */
  machineNumber(machine: string): number | undefined {
    return this.#machineNumbers.get(machine);
  }

  /**
   * @param name - machine and disk
   * @returns its number, undefined when it never appeared
   */
  diskNumber(name: DiskName): number | undefined {
    return this.#diskNumbers.get(diskKey(name));
  }

  /**
   * @param diskNumber - from 1
   * @returns its names and numbers, undefined when there is no such disk
   */
  disk(diskNumber: number): NumberedDisk | undefined {
    return this.#disks[diskNumber - 1];
  }

  /**
   * Gives a machine its number, a new one if need be.
   * @param machine - name, 1 to 128 bytes of UTF-8
   * @param stage - takes the new row
   */
  enterMachine(machine: string, stage: (write: StoreWrite) => void): number {
    const known = this.#machineNumbers.get(machine);
    if (known !== undefined) return known;
    const number = this.#addMachine(machine);
    assert(number <= machineNumberMax, 'too many machines');
    stage(this.#machineTable.row(keyOfNumber(number), new ByteWriter(64).text(machine).finish()));
    return number;
  }

  /**
   * Gives a disk its number, a new one if need be; its machine likewise.
   * @param name - machine and disk, 1 to 128 bytes of UTF-8 each
   * @param stage - takes the new rows
   */
  enterDisk(name: DiskName, stage: (write: StoreWrite) => void): number {
    const known = this.#diskNumbers.get(diskKey(name));
    if (known !== undefined) return known;
    const machineNumber = this.enterMachine(name.machine, stage);
    const number = this.#addDisk(machineNumber, name.disk);
    assert(number <= diskNumberMax, 'too many disks');
    const content = new ByteWriter(64).u32(machineNumber).text(name.disk).finish();
    stage(this.#diskTable.row(keyOfNumber(number), content));
    return number;
  }

  #addMachine(machine: string): number {
    this.#machines.push(machine);
    this.#machineNumbers.set(machine, this.#machines.length);
    return this.#machines.length;
  }

  #addDisk(machineNumber: number, disk: string): number {
    const machine = this.#machines[machineNumber - 1]!;
    const diskNumber = this.#disks.length + 1;
    this.#disks.push({ machine, disk, machineNumber, diskNumber });
    this.#diskNumbers.set(diskKey({ machine, disk }), diskNumber);
    return diskNumber;
  }

  #inOrder(table: CheckedTable, key: Uint8Array, expected: number): void {
    if (key.length === 4 && numberOfKey(key) === expected) return;
    throw table.damage(key, `number ${expected} is missing`);
  }
}

function read<T>(
  table: CheckedTable,
  row: { readonly key: Uint8Array; readonly value: Uint8Array },
  decode: (reader: ByteReader) => T,
): T {
  try {
    const reader = new ByteReader(row.value);
    const result = decode(reader);
    reader.end();
    return result;
  } catch (error) {
    if (error instanceof FormatFault) throw table.damage(row.key, error);
    throw error;
  }
}

function diskKey(name: DiskName): string {
  return `${name.machine}\0${name.disk}`;
}
