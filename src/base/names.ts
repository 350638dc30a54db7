import { SecondwindError } from './errors.ts';
import { nameBytesMax } from './limits.ts';

/**
 * Checks the name of a machine, disk, bookmark or key slot. Names become parts of paths, addresses and commands, so
 * they hold letters and digits of any script, and . _ - only, and do not begin with . or -.
 * @param what - what is named, as people say it: "machine"
 * @param name - the name
 * @returns the name in Unicode's composed form, so that the same letters are always the same name
 * @throws USAGE with the reason
 */
export function checkName(what: string, name: string): string {
  const composed = name.normalize('NFC');
  const reason = nameFault(composed);
  if (reason === undefined) return composed;
  throw new SecondwindError('USAGE', { reason: `The ${what} name "${shown(name)}" ${reason}` });
}

/**
 * Reads the name of a disk with its machine.
 * @param text - "MACHINE/DISK"
 * @throws USAGE with the reason
 */
export function parseDiskName(text: string): { readonly machine: string; readonly disk: string } {
  const [machine = '', disk, ...rest] = text.split('/');
  if (disk === undefined || rest.length > 0) {
    throw new SecondwindError('USAGE', {
      reason: `"${shown(text)}" is not the name of a disk; write it as MACHINE/DISK`,
    });
  }
  return { machine: checkName('machine', machine), disk: checkName('disk', disk) };
}

/**
 * Reads the name of a machine, or of one disk of it.
 * @param text - "MACHINE" or "MACHINE/DISK"
 * @returns `disk` is left out when only the machine is named
 * @throws USAGE with the reason
 */
export function parseMachineOrDiskName(text: string): {
  readonly machine: string;
  readonly disk?: string;
} {
  return text.includes('/') ? parseDiskName(text) : { machine: checkName('machine', text) };
}

function nameFault(name: string): string | undefined {
  const bytes = Buffer.byteLength(name);
  if (bytes === 0) return 'is empty';
  if (bytes > nameBytesMax) return `is ${bytes} bytes long, more than ${nameBytesMax}`;
  if (/^[.-]/.test(name)) return 'begins with a dot or a dash';
  const odd = /[^\p{L}\p{M}\p{Nd}._-]/u.exec(name)?.[0];
  return odd === undefined
    ? undefined
    : `holds "${shown(odd)}"; letters, digits, dot, dash and underscore may be used`;
}

/** The text as it may stand in a message: short, and without control characters or lone surrogates. */
function shown(text: string): string {
  const visible = text.toWellFormed().replace(/\p{C}/gu, '�');
  return visible.length > nameBytesMax ? `${visible.slice(0, nameBytesMax)}…` : visible;
}
