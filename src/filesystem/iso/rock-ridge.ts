import type { Micros } from '../../base/clock.ts';
import { u32le } from '../integers.ts';
import { linkTargetBytesMax } from '../limits.ts';
import { longTime, shortTime } from './directory-record.ts';

/** Where the entries of a record go on. */
export interface Continuation {
  /** Block of the volume. */
  readonly block: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** What Rock Ridge says of a file, gathered from the entries of its record. */
export interface RockRidge {
  /** Name, bytes; empty when it says none. */
  name: number[];
  /** Whether the name is none of its own: "." or "..". */
  isSpecialName: boolean;
  /** Kind and permissions, as Unix has them. */
  mode?: number;
  linkCount?: number;
  /** Number of the owner. */
  uid?: number;
  /** Number of the group. */
  gid?: number;
  device?: { readonly major: number; readonly minor: number };
  /** Target of a link, bytes; undefined for no link. */
  target?: number[];
  /** Whether the last component of the target goes on in the next entry. */
  isTargetOpen: boolean;
  createdMicros?: Micros;
  modifiedMicros?: Micros;
  accessedMicros?: Micros;
  changedMicros?: Micros;
  /** Block of a directory that was moved because it lay too deep. */
  childBlock?: number;
  /** Whether this is the moved directory itself, which is shown where it came from. */
  isMoved: boolean;
  /** Why the content cannot be read. */
  refusal?: string;
  /** Where the entries go on. */
  continuation?: Continuation;
}

/** Nothing known yet. */
export function emptyRockRidge(): RockRidge {
  return { name: [], isSpecialName: false, isTargetOpen: false, isMoved: false };
}

/**
 * Takes the entries of one area.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 2 | what it is: "PX" mode and owner, "NM" name, "SL" link, "TF" times, "PN" device, "CE" continued, … |
 * | 2 | 1 | length |
 * | 3 | 1 | version |
 * @param known - what is filled in
 * @param area - system use of a record, or its continuation
 * @source IEEE P1281 (SUSP), §4 and §5; IEEE P1282 (Rock Ridge), §4
 */
export function takeEntries(known: RockRidge, area: Uint8Array): void {
  delete known.continuation;
  for (let at = 0; at + 4 <= area.length; ) {
    const length = area[at + 2]!;
    if (length < 4 || at + length > area.length) return;
    const signature = String.fromCharCode(area[at]!, area[at + 1]!);
    if (signature === 'ST') return;
    const take = takers[signature];
    if (take !== undefined) take(known, area.subarray(at, at + length));
    at += length;
  }
}

type Taker = (known: RockRidge, entry: Uint8Array) => void;

const takers: Readonly<Record<string, Taker | undefined>> = {
  PX: takeAttributes,
  PN: takeDevice,
  NM: takeName,
  SL: takeLink,
  TF: takeTimes,
  CE: (known, entry) => {
    if (entry.length < 28) return;
    const [block, offsetBytes, lengthBytes] = [u32le(entry, 4), u32le(entry, 12), u32le(entry, 20)];
    known.continuation = { block, offsetBytes, lengthBytes };
  },
  CL: (known, entry) => {
    if (entry.length >= 12) known.childBlock = u32le(entry, 4);
  },
  RE: (known) => {
    known.isMoved = true;
  },
  ZF: (known) => {
    known.refusal = 'it is compressed with zisofs';
  },
  SF: (known) => {
    known.refusal = 'it is a sparse file of Rock Ridge';
  },
};

/** Numbers are stored in both byte orders: the little-endian one comes first. */
function takeAttributes(known: RockRidge, entry: Uint8Array): void {
  if (entry.length < 36) return;
  known.mode = u32le(entry, 4);
  known.linkCount = u32le(entry, 12);
  known.uid = u32le(entry, 20);
  known.gid = u32le(entry, 28);
}

/** A device in one number of 16 bits, as early writers have it, or in two. */
function takeDevice(known: RockRidge, entry: Uint8Array): void {
  if (entry.length < 20) return;
  const [high, low] = [u32le(entry, 4), u32le(entry, 12)];
  known.device =
    high === 0 && low > 0xff
      ? { major: low >>> 8, minor: low & 0xff }
      : { major: high, minor: low };
}

function takeName(known: RockRidge, entry: Uint8Array): void {
  const flags = entry[4] ?? 0;
  if ((flags & 6) !== 0) known.isSpecialName = true;
  else if (known.name.length <= 255) known.name.push(...entry.subarray(5));
}

/** Components of a path: 1 goes on in the next, 2 ".", 4 "..", 8 the root. */
function takeLink(known: RockRidge, entry: Uint8Array): void {
  known.target ??= [];
  for (let at = 5; at + 2 <= entry.length; ) {
    const flags = entry[at]!;
    const end = at + 2 + entry[at + 1]!;
    if (end > entry.length || known.target.length > linkTargetBytesMax) return;
    const isFirst = known.target.length === 0;
    const isAfterRoot = known.target.length === 1 && known.target[0] === slash;
    if (!isFirst && !isAfterRoot && !known.isTargetOpen) known.target.push(slash);
    known.target.push(...component(flags, entry.subarray(at + 2, end)));
    known.isTargetOpen = (flags & 1) !== 0;
    at = end;
  }
}

const slash = 0x2f;
const dot = 0x2e;

function component(flags: number, content: Uint8Array): readonly number[] {
  if ((flags & 2) !== 0) return [dot];
  if ((flags & 4) !== 0) return [dot, dot];
  return (flags & 8) !== 0 ? [slash] : [...content];
}

/** Times in this order as far as their bits are set; bit 7: in the long form. */
function takeTimes(known: RockRidge, entry: Uint8Array): void {
  const flags = entry[4] ?? 0;
  const lengthBytes = (flags & 0x80) === 0 ? 7 : 17;
  const read = (flags & 0x80) === 0 ? shortTime : longTime;
  const names = ['createdMicros', 'modifiedMicros', 'accessedMicros', 'changedMicros'] as const;
  let at = 5;
  for (const [bit, name] of names.entries()) {
    if ((flags & (1 << bit)) === 0) continue;
    if (at + lengthBytes > entry.length) return;
    known[name] = read(entry.subarray(at, at + lengthBytes));
    at += lengthBytes;
  }
}
