import { u16le, u32le } from '../integers.ts';
import { hiveEntriesMax } from '../limits.ts';
import type { HiveCells } from './hive-cells.ts';

/** A key of a registry hive. */
export interface HiveKey {
  /** Its name. */
  readonly name: string;
  /** Place of the list of its keys, and how many they are. */
  readonly keys: HiveList;
  /** Place of the list of its values, and how many they are. */
  readonly values: HiveList;
}

/** A list that a key points to. */
export interface HiveList {
  /** Where the list lies; hostile, and nonsense when it is empty. */
  readonly place: number;
  /** Its entries, as the key says. */
  readonly count: number;
}

/** A value of a key. */
export interface HiveValue {
  /** Its name; empty for the default value. */
  readonly name: string;
  /** Its data, at most hiveCellBytesMax. */
  readonly data: Uint8Array;
}

/**
 * Reads a key.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 2 | "nk" |
 * | 2 | 2 | bit 5: the name is in Latin-1, else UTF-16 |
 * | 20, 28 | 4, 4 | number of keys, place of their list |
 * | 36, 40 | 4, 4 | number of values, place of their list |
 * | 72 | 2 | length of the name, which stands at 76 |
 * @param cells - of the hive
 * @param place - where the key lies: hostile
 * @returns undefined when no key is there
 * @source M. Suhanov, "Windows registry file format specification"
 */
export async function readKey(cells: HiveCells, place: number): Promise<HiveKey | undefined> {
  const cell = await cells.cell(place);
  if (cell === undefined || cell.length < 76 || signature(cell) !== 'nk') return undefined;
  const nameBytes = cell.subarray(76, 76 + u16le(cell, 72));
  return {
    name: text(nameBytes, (u16le(cell, 2) & 0x20) !== 0),
    keys: { count: u32le(cell, 20), place: u32le(cell, 28) },
    values: { count: u32le(cell, 36), place: u32le(cell, 40) },
  };
}

/**
 * Finds a key by its name, whatever its case. A list is "li" (places), "lf" or "lh" (places, each with a hash), or "ri" (places of
 * such lists); that one is only one deep.
 * @param cells - of the hive
 * @param parent - whose keys are looked through
 * @param name - asked for
 */
export async function findKey(
  cells: HiveCells,
  parent: HiveKey,
  name: string,
): Promise<HiveKey | undefined> {
  const list = await cells.cell(parent.keys.place);
  if (list === undefined || list.length < 4) return undefined;
  const lists = signature(list) === 'ri' ? await listsOf(cells, list) : [list];
  let left = hiveEntriesMax;
  for (const places of lists.map(placesIn)) {
    for (const place of places) {
      left -= 1;
      const key = left < 0 ? undefined : await readKey(cells, place);
      if (key?.name.toUpperCase() === name.toUpperCase()) return key;
    }
  }
  return undefined;
}

/**
 * The values of a key.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 2 | "vk" |
 * | 2 | 2 | length of the name, which stands at 20 |
 * | 4 | 4 | length of the data; bit 31: it stands in the next field |
 * | 8 | 4 | place of the data |
 * | 16 | 2 | bit 0: the name is in Latin-1, else UTF-16 |
 * @param cells - of the hive
 * @param key - whose values
 */
export async function* valuesOf(cells: HiveCells, key: HiveKey): AsyncGenerator<HiveValue> {
  const list = await cells.cell(key.values.place);
  const count = Math.min(key.values.count, (list?.length ?? 0) >> 2, hiveEntriesMax);
  for (let index = 0; index < count; index += 1) {
    const cell = await cells.cell(u32le(list!, index * 4));
    if (cell === undefined || cell.length < 20 || signature(cell) !== 'vk') continue;
    const name = text(cell.subarray(20, 20 + u16le(cell, 2)), (u16le(cell, 16) & 1) !== 0);
    yield { name, data: await dataOf(cells, cell) };
  }
}

async function dataOf(cells: HiveCells, cell: Uint8Array): Promise<Uint8Array> {
  const length = u32le(cell, 4);
  if (length >= 0x80000000) return cell.subarray(8, 8 + Math.min(length - 0x80000000, 4));
  const data = await cells.cell(u32le(cell, 8));
  return data?.subarray(0, length) ?? new Uint8Array(0);
}

async function listsOf(cells: HiveCells, list: Uint8Array): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for (const place of placesIn(list).slice(0, hiveEntriesMax)) {
    const inner = await cells.cell(place);
    if (inner !== undefined && inner.length >= 4) found.push(inner);
  }
  return found;
}

/** Places in a list, as many as it has room for. */
function placesIn(list: Uint8Array): number[] {
  const stride = ['lf', 'lh'].includes(signature(list)) ? 8 : 4;
  const count = Math.min(u16le(list, 2), Math.floor((list.length - 4) / stride));
  return Array.from({ length: count }, (_, index) => u32le(list, 4 + index * stride));
}

function signature(cell: Uint8Array): string {
  return String.fromCharCode(cell[0]!, cell[1]!);
}

function text(bytes: Uint8Array, isLatin: boolean): string {
  return Buffer.from(bytes).toString(isLatin ? 'latin1' : 'utf16le');
}
