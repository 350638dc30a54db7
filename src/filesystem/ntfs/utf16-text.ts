import { u16le } from '../integers.ts';

/**
 * Text in UTF-16, with lone surrogates kept as they are: names on NTFS are any 16-bit units.
 * @param bytes - structure; borrowed
 * @param at - where the text begins, bytes
 * @param unitCount - length, 16-bit units
 */
export function utf16Text(bytes: Uint8Array, at: number, unitCount: number): string {
  const end = Math.min(at + 2 * unitCount, bytes.length - 1);
  let text = '';
  for (let place = at; place < end; place += 2) text += String.fromCharCode(u16le(bytes, place));
  return text;
}
