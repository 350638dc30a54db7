import { encodeName } from '../filesystem/name-text.ts';

/** The kind of system that a copy is written on. */
export type TargetSystem = 'posix' | 'windows';

/** A name that can stand in a folder of the target. */
export interface SafeName {
  /** The name; as it was, wherever that is possible. */
  readonly text: string;
  /** Its bytes: what was no UTF-8 on the disk is none in the target. */
  readonly bytes: Uint8Array;
  /** Whether it had to be changed. */
  readonly isChanged: boolean;
}

const windowsForbidden = /[<>:"/\\|?*\u0000-\u001f]/g;
const windowsDevice = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(?:\.|$)/i;

/**
 * Makes a name that names one file in the folder it is put into, on any system: never the folder itself or the one above, never a path,
 * a device or a stream.
 * @param name - hostile text
 * @param system - where it will stand
 */
export function safeName(name: string, system: TargetSystem): SafeName {
  const text = system === 'windows' ? windowsName(name) : posixName(name);
  return { text, bytes: encodeName(text), isChanged: text !== name };
}

/**
 * The bytes of a text from a disk, a link's target for example, as they lay there.
 * @param text - hostile text
 */
export function nameBytes(text: string): Uint8Array {
  return encodeName(text);
}

function posixName(name: string): string {
  const single = name.replace(/[/\0]/g, '_');
  return /^\.{0,2}$/.test(single) ? `_${single}` : single;
}

function windowsName(name: string): string {
  const allowed = name
    .toWellFormed()
    .replace(windowsForbidden, '_')
    .replace(/[. ]+$/, '_');
  return allowed === '' || windowsDevice.test(allowed) ? `_${allowed}` : allowed;
}
