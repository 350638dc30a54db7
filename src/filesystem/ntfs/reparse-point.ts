// A reparse point: what Windows asks a driver about instead of opening the file.
//
//   offset size field               symbolic link, mount point:       compressed by the WOF driver:
//     0x00    4 tag                   0x08    2 offset, target          0x08    4 version: 1
//     0x04    2 length of the data    0x0a    2 length, bytes           0x0c    4 provider: 2, a single file
//     0x08      data                  0x0c    2 offset, shown target    0x10    4 version: 1
//                                     0x0e    2 length, bytes           0x14    4 algorithm
//                                     0x10    4 flags (symbolic link)
//                                     0x14      texts (mount point: 0x10)
import { u16le, u32le } from '../integers.ts';
import { utf16Text } from './utf16-text.ts';

/** Tags of reparse points that are understood. */
export const reparseTag = {
  mountPoint: 0xa000_0003,
  symbolicLink: 0xa000_000c,
  linuxLink: 0xa000_001d,
  wof: 0x8000_0017,
  deduplicated: 0x8000_0013,
  socket: 0x8000_0023,
  pipe: 0x8000_0024,
  characterDevice: 0x8000_0025,
  blockDevice: 0x8000_0026,
} as const;

/** Bit of a tag: what is meant is another file. */
const surrogateBit = 0x2000_0000;

/** OneDrive and its kind: 0x9000001a … 0x9000f01a. */
const cloudTag = 0x9000_001a;
const cloudMask = 0xffff_0fff;

/** The texts of a link. */
export interface LinkTexts {
  /** What Windows follows, without the prefix of the object manager. */
  readonly target: string;
  /** What Windows shows; empty when it shows the target. */
  readonly shown: string;
}

/**
 * The tag of a reparse point.
 * @param bytes - its value; borrowed
 */
export function reparseTagOf(bytes: Uint8Array): number {
  return bytes.length < 8 ? 0 : u32le(bytes, 0);
}

/**
 * Whether the tag says that another file is meant.
 * @param tag - see reparseTag
 */
export function isSurrogate(tag: number): boolean {
  return (tag & surrogateBit) !== 0;
}

/**
 * Whether the tag is one of a cloud file: its content may be here or not.
 * @param tag - see reparseTag
 */
export function isCloud(tag: number): boolean {
  return (tag & cloudMask) >>> 0 === cloudTag;
}

/**
 * The texts of a link.
 * @param bytes - the value of the reparse point; borrowed
 * @returns undefined when it is no link, or contradicts itself
 * @source MS-FSCC 2.1.2.4 and 2.1.2.5; of Linux links, Windows Subsystem for Linux
 */
export function decodeLink(bytes: Uint8Array): LinkTexts | undefined {
  const tag = reparseTagOf(bytes);
  const end = Math.min(8 + u16le(bytes, 4), bytes.length);
  if (tag === reparseTag.linuxLink) {
    return end < 12 ? undefined : { target: utf8(bytes.subarray(12, end)), shown: '' };
  }
  if (tag !== reparseTag.symbolicLink && tag !== reparseTag.mountPoint) return undefined;
  const textsAt = tag === reparseTag.symbolicLink ? 0x14 : 0x10;
  const target = pathText(bytes, 0x08, textsAt, end);
  const shown = pathText(bytes, 0x0c, textsAt, end);
  if (target === undefined || shown === undefined) return undefined;
  const plain = withoutPrefix(target === '' ? shown : target);
  return { target: plain, shown: shown === plain ? '' : shown };
}

function pathText(
  bytes: Uint8Array,
  fieldAt: number,
  textsAt: number,
  end: number,
): string | undefined {
  const at = textsAt + u16le(bytes, fieldAt);
  const lengthBytes = u16le(bytes, fieldAt + 2);
  if (textsAt > end || at + lengthBytes > end) return undefined;
  return utf16Text(bytes, at, Math.floor(lengthBytes / 2));
}

/** "\??\C:\x" is "C:\x", "\??\UNC\server\x" is "\\server\x", and "\??\Volume{…}\" is "\\?\Volume{…}\". */
function withoutPrefix(target: string): string {
  if (!target.startsWith('\\??\\')) return target;
  const rest = target.slice(4);
  if (rest.toUpperCase().startsWith('UNC\\')) return `\\\\${rest.slice(4)}`;
  return rest[1] === ':' ? rest : `\\\\?\\${rest}`;
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder('utf-8').decode(bytes);
}
/**
 * What a reparse point says, in words.
 * @param bytes - its value; borrowed
 */
export function reparseText(bytes: Uint8Array): string {
  const tag = `reparse point 0x${reparseTagOf(bytes).toString(16)}`;
  const link = decodeLink(bytes);
  if (link === undefined) return tag;
  const shown = link.shown === '' ? '' : `, shown as "${link.shown}"`;
  return `${tag}: "${link.target}"${shown}`;
}

/** How the WOF driver compressed a file. */
export type WofAlgorithm = 'xpress' | 'lzx';

/** What the reparse point of a WOF-compressed file says. */
export interface WofCompression {
  readonly algorithm: WofAlgorithm;
  /** Bytes that are compressed together. */
  readonly chunkBytes: number;
}

const wofAlgorithms: readonly WofCompression[] = [
  { algorithm: 'xpress', chunkBytes: 4096 },
  { algorithm: 'lzx', chunkBytes: 32_768 },
  { algorithm: 'xpress', chunkBytes: 8192 },
  { algorithm: 'xpress', chunkBytes: 16_384 },
];

/**
 * How a file is compressed.
 * @param bytes - the value of a reparse point with the tag of the WOF driver; borrowed
 * @returns undefined when the content lies in an image file elsewhere, or the algorithm is not known
 * @source Linux fs/ntfs3/ntfs.h, struct WOF_EXTERNAL_INFO…
 */
export function decodeWof(bytes: Uint8Array): WofCompression | undefined {
  const isSingleFile =
    bytes.length >= 0x18 &&
    u32le(bytes, 0x08) === 1 &&
    u32le(bytes, 0x0c) === 2 &&
    u32le(bytes, 0x10) === 1;
  return isSingleFile ? wofAlgorithms[u32le(bytes, 0x14)] : undefined;
}
