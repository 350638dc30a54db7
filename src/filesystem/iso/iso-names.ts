import { decodeName } from '../name-text.ts';
import type { RockRidge } from './rock-ridge.ts';
import { utf16 } from './volume-descriptor.ts';

/** Which of the names of a disc are shown: the richest that it has. */
export type IsoNaming = 'Rock Ridge' | 'Joliet' | 'ISO 9660';

/**
 * The name of a file.
 * @param naming - which names are shown
 * @param stored - name in the record
 * @param rockRidge - what Rock Ridge says of it
 */
export function isoName(naming: IsoNaming, stored: Uint8Array, rockRidge?: RockRidge): string {
  const given = rockRidge?.name ?? [];
  if (given.length > 0) return decodeName(Uint8Array.from(given));
  if (naming === 'Joliet') return withoutVersion(utf16(stored));
  const name = withoutVersion(decodeName(stored));
  return name.endsWith('.') && name.length > 1 ? name.slice(0, -1) : name;
}

/** Names end in ";1", a number that nobody uses. */
function withoutVersion(name: string): string {
  const at = name.lastIndexOf(';');
  return at > 0 && /^\d+$/.test(name.slice(at + 1)) ? name.slice(0, at) : name;
}
