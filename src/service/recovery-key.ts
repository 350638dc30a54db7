import assert from 'node:assert/strict';
import { SecondwindError } from '../base/errors.ts';

/**
 * A recovery key on paper: 32 bytes as eight groups of eight letters and digits, "7QXK-0M3A". A group holds four bytes and
 * one of checksum over them and the group's number, so that a slip is found and its line is named, and lines in the wrong
 * order are too. The alphabet is Crockford's: no I, L, O, U; I and L read as 1, O as 0.
 */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const groupCount = 8;
const groupDataBytes = 4;
const groupCharacters = 8;
const keyBytes = groupCount * groupDataBytes;

/**
 * Writes a recovery key for paper.
 * @param key - 32 random bytes
 * @returns eight groups, separated by spaces
 */
export function formatRecoveryKey(key: Uint8Array): string {
  assert.equal(key.length, keyBytes);
  return Array.from({ length: groupCount }, (_, group) => {
    const start = group * groupDataBytes;
    return groupText(key.subarray(start, start + groupDataBytes), group);
  }).join(' ');
}

/**
 * Reads a recovery key that was typed in; case, spaces, dashes and line numbers' absence do not matter.
 * @param text - as it was typed
 * @returns 32 bytes
 * @throws USAGE that names the group with the slip
 */
export function parseRecoveryKey(text: string): Uint8Array {
  const letters = text.toUpperCase().replace(/[\s-]/g, '').replace(/[IL]/g, '1').replace(/O/g, '0');
  if (letters.length !== groupCount * groupCharacters) {
    throw fault(`has ${groupCount} groups of ${groupCharacters} letters and digits`);
  }
  const key = new Uint8Array(keyBytes);
  for (let group = 0; group < groupCount; group++) {
    const start = group * groupCharacters;
    key.set(
      groupBytes(letters.slice(start, start + groupCharacters), group),
      group * groupDataBytes,
    );
  }
  return key;
}

function groupText(data: Uint8Array, group: number): string {
  let bits = 0n;
  for (const byte of [...data, checksum(data, group)]) bits = (bits << 8n) | BigInt(byte);
  const letters = Array.from({ length: groupCharacters }, (_, index) => {
    const shift = BigInt(5 * (groupCharacters - 1 - index));
    return alphabet[Number((bits >> shift) & 31n)]!;
  }).join('');
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}

function groupBytes(letters: string, group: number): Uint8Array {
  let bits = 0n;
  for (const letter of letters) {
    const digit = alphabet.indexOf(letter);
    if (digit < 0) throw fault(`never holds "${letter}", as group ${group + 1} does`);
    bits = (bits << 5n) | BigInt(digit);
  }
  const data = Uint8Array.from({ length: groupDataBytes }, (_, index) =>
    Number((bits >> BigInt(8 * (groupDataBytes - index))) & 255n),
  );
  if (Number(bits & 255n) === checksum(data, group)) return data;
  throw fault(`does not have such a group ${group + 1}: look at that line again`);
}

/** CRC-8 (polynomial 0x07): every slip within one letter, and every group in another's place, is found. */
function checksum(data: Uint8Array, group: number): number {
  let remainder = 0;
  for (const byte of [group, ...data]) {
    remainder ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      remainder = (remainder << 1) ^ (remainder & 0x80 ? 0x107 : 0);
    }
  }
  return remainder;
}

function fault(reason: string): SecondwindError {
  return new SecondwindError('USAGE', { reason: `A recovery key ${reason}` });
}
