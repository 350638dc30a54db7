// A security descriptor in its relative form: who owns a file, who may do what with it, and what is logged of that.
//
//   descriptor:                                          entry of a list:
//     0x00    1 revision: 1                                0x00    1 type
//     0x02    2 control                                    0x01    1 flags
//     0x04    4 offset of the owner                        0x02    2 length
//     0x08    4 offset of the group                        0x04    4 rights
//     0x0c    4 offset of the list of what is logged       0x08      identity; behind two GUIDs in entries of objects
//     0x10    4 offset of the list of who may what       identity:
//   list:                                                  0x00    1 revision: 1
//     0x02    2 length                                     0x01    1 numbers
//     0x04    2 entries                                    0x02    6 authority, big-endian
//     0x08      entries                                    0x08      numbers, 4 bytes each
import { u16be, u16le, u32be, u32le } from '../integers.ts';

const headerBytes = 0x14;
const entriesMax = 4096;

/**
 * A security descriptor in the language of Windows for them (SDDL), as far as it is sound: "O:BAG:SYD:AI(A;ID;FA;;;SY)". Conditions and
 * object types are left out.
 * @param bytes - the descriptor in its relative form; borrowed
 * @returns empty when it is none
 * @source MS-DTYP 2.4.6 and 2.5.1
 */
export function securityDescriptorText(bytes: Uint8Array): string {
  if (bytes.length < headerBytes || bytes[0] !== 1) return '';
  const control = u16le(bytes, 2);
  const owner = identityText(bytes, u32le(bytes, 4));
  const group = identityText(bytes, u32le(bytes, 8));
  return [
    owner === '' ? '' : `O:${owner}`,
    group === '' ? '' : `G:${group}`,
    (control & 0x0004) === 0 ? '' : `D:${listText(bytes, u32le(bytes, 0x10), control)}`,
    (control & 0x0010) === 0 ? '' : `S:${listText(bytes, u32le(bytes, 0x0c), control >> 1)}`,
  ].join('');
}

/** Flags of both lists lie side by side in the control word: those of the log one bit higher. */
const listFlags: readonly (readonly [number, string])[] = [
  [0x1000, 'P'],
  [0x0100, 'AR'],
  [0x0400, 'AI'],
];

/** A list that is said to be there and is not allows everything. */
function listText(bytes: Uint8Array, at: number, control: number): string {
  const flags = wordsOf(listFlags, control);
  if (at === 0) return `${flags}NO_ACCESS_CONTROL`;
  if (at + 8 > bytes.length) return flags;
  const end = Math.min(at + u16le(bytes, at + 2), bytes.length);
  const count = Math.min(u16le(bytes, at + 4), entriesMax);
  let text = flags;
  let entryAt = at + 8;
  for (let entry = 0; entry < count && entryAt + 8 <= end; entry += 1) {
    const length = u16le(bytes, entryAt + 2);
    if (length < 8 || entryAt + length > end) return text;
    text += entryText(bytes.subarray(entryAt, entryAt + length));
    entryAt += length;
  }
  return text;
}

const entryTypes: Readonly<Record<number, string>> = {
  0x00: 'A',
  0x01: 'D',
  0x02: 'AU',
  0x03: 'AL',
  0x05: 'OA',
  0x06: 'OD',
  0x07: 'OU',
  0x09: 'XA',
  0x0a: 'XD',
  0x0b: 'ZA',
  0x0d: 'XU',
  0x11: 'ML',
  0x12: 'RA',
  0x13: 'SP',
};

const entryFlags: readonly (readonly [number, string])[] = [
  [0x01, 'OI'],
  [0x02, 'CI'],
  [0x04, 'NP'],
  [0x08, 'IO'],
  [0x10, 'ID'],
  [0x40, 'SA'],
  [0x80, 'FA'],
];

const labelType = 0x11;
const objectTypes: readonly number[] = [0x05, 0x06, 0x07, 0x0b];
const guidBytes = 16;

function entryText(entry: Uint8Array): string {
  const type = entry[0]!;
  const words = entryTypes[type] ?? `0x${type.toString(16)}`;
  const identity = identityText(entry, identityAt(entry, type));
  return `(${words};${wordsOf(entryFlags, entry[1]!)};${rightsText(u32le(entry, 4), type)};;;${identity})`;
}

/** Entries of objects carry flags, and a GUID for each of the two lowest. */
function identityAt(entry: Uint8Array, type: number): number {
  if (!objectTypes.includes(type)) return 8;
  const guids = (entry[8]! & 1) + ((entry[8]! >> 1) & 1);
  return 12 + guidBytes * guids;
}

const wholeRights: ReadonlyMap<number, string> = new Map([
  [0x001f_01ff, 'FA'],
  [0x0012_0089, 'FR'],
  [0x0012_0116, 'FW'],
  [0x0012_00a0, 'FX'],
  [0x1000_0000, 'GA'],
  [0x8000_0000, 'GR'],
  [0x4000_0000, 'GW'],
  [0x2000_0000, 'GX'],
]);

const labelRights: readonly (readonly [number, string])[] = [
  [1, 'NW'],
  [2, 'NR'],
  [4, 'NX'],
];

function rightsText(rights: number, type: number): string {
  if (type === labelType) return wordsOf(labelRights, rights);
  return wholeRights.get(rights) ?? `0x${rights.toString(16)}`;
}

function wordsOf(names: readonly (readonly [number, string])[], bits: number): string {
  return names
    .filter(([bit]) => (bits & bit) !== 0)
    .map(([, word]) => word)
    .join('');
}

const knownIdentities: ReadonlyMap<string, string> = new Map([
  ['S-1-1-0', 'WD'],
  ['S-1-3-0', 'CO'],
  ['S-1-3-1', 'CG'],
  ['S-1-3-4', 'OW'],
  ['S-1-5-2', 'NU'],
  ['S-1-5-4', 'IU'],
  ['S-1-5-6', 'SU'],
  ['S-1-5-7', 'AN'],
  ['S-1-5-11', 'AU'],
  ['S-1-5-12', 'RC'],
  ['S-1-5-18', 'SY'],
  ['S-1-5-19', 'LS'],
  ['S-1-5-20', 'NS'],
  ['S-1-5-32-544', 'BA'],
  ['S-1-5-32-545', 'BU'],
  ['S-1-5-32-546', 'BG'],
  ['S-1-5-32-547', 'PU'],
  ['S-1-5-32-551', 'BO'],
  ['S-1-15-2-1', 'AC'],
  ['S-1-16-4096', 'LW'],
  ['S-1-16-8192', 'ME'],
  ['S-1-16-8448', 'MP'],
  ['S-1-16-12288', 'HI'],
  ['S-1-16-16384', 'SI'],
]);

const numbersMax = 15;

/** Empty when there is none, or it leaves the bytes. */
function identityText(bytes: Uint8Array, at: number): string {
  const count = bytes[at + 1] ?? 0;
  if (at === 0 || count > numbersMax || at + 8 + 4 * count > bytes.length) return '';
  const authority = u16be(bytes, at + 2) * 2 ** 32 + u32be(bytes, at + 4);
  const numbers = Array.from({ length: count }, (_, index) => u32le(bytes, at + 8 + 4 * index));
  const text = ['S', bytes[at], authority, ...numbers].join('-');
  return knownIdentities.get(text) ?? text;
}
