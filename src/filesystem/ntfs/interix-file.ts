// Special files as Interix made them, and ntfs-3g still does: an ordinary file with the system flag whose content begins with a word.
//
//   offset size field
//     0x00    8 "IntxLNK\1", "IntxCHR\0" or "IntxBLK\0"
//     0x08      target in UTF-16; of a device, major and minor as 64-bit numbers
import { u32le, u64le } from '../integers.ts';
import { utf16Text } from './utf16-text.ts';

/** A special file. */
export type InterixFile =
  | { readonly kind: 'link'; readonly target: string }
  | {
      readonly kind: 'character-device' | 'block-device';
      readonly device: { readonly major: number; readonly minor: number };
    };

/** Longest content of such a file, bytes: a path of 4096 units. */
export const interixBytesMax: number = 8 + 2 * 4096;

const firstWord = 0x7874_6e49;
const deviceBytes = 24;

/**
 * Decodes the content of a file with the system flag.
 * @param bytes - all its content; borrowed
 * @returns undefined when it is an ordinary one
 * @source ntfs-3g include/ntfs-3g/layout.h, INTX_FILE
 */
export function decodeInterixFile(bytes: Uint8Array): InterixFile | undefined {
  if (bytes.length <= 8 || u32le(bytes, 0) !== firstWord) return undefined;
  const kind = u32le(bytes, 4);
  if (kind === 0x014b_4e4c) {
    return { kind: 'link', target: utf16Text(bytes, 8, Math.floor((bytes.length - 8) / 2)) };
  }
  if (bytes.length !== deviceBytes) return undefined;
  const device = { major: u64le(bytes, 8), minor: u64le(bytes, 16) };
  if (kind === 0x0052_4843) return { kind: 'character-device', device };
  return kind === 0x004b_4c42 ? { kind: 'block-device', device } : undefined;
}
