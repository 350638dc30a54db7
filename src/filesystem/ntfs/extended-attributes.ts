// Extended attributes ($EA), as OS/2 and the Linux subsystem of Windows keep them: one after the other.
//
//   offset size field
//     0x00    4 length of this entry; 0 in the last one
//     0x04    1 flags
//     0x05    1 length of the name
//     0x06    2 length of the value
//     0x08      name, a zero, value
import { u16le, u32le } from '../integers.ts';

/** What the Linux subsystem of Windows keeps of a file. */
export interface LinuxMetadata {
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Type and permission bits. */
  readonly mode?: number | undefined;
  readonly device?: { readonly major: number; readonly minor: number } | undefined;
}

const headerBytes = 8;

/**
 * Decodes extended attributes.
 * @param bytes - the value of $EA; borrowed
 * @returns values by name; what is cut off is left out
 * @source MS-FSCC 2.4.15
 */
export function decodeExtendedAttributes(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const values = new Map<string, Uint8Array>();
  for (let at = 0; at + headerBytes < bytes.length; ) {
    const nameEnd = at + headerBytes + bytes[at + 5]!;
    const valueEnd = nameEnd + 1 + u16le(bytes, at + 6);
    if (valueEnd > bytes.length) return values;
    const name = String.fromCharCode(...bytes.subarray(at + headerBytes, nameEnd));
    values.set(name, bytes.subarray(nameEnd + 1, valueEnd));
    const length = u32le(bytes, at);
    if (length < headerBytes) return values;
    at += length;
  }
  return values;
}

/**
 * What the Linux subsystem of Windows keeps of a file.
 * @param bytes - the value of $EA; borrowed
 */
export function linuxMetadata(bytes: Uint8Array): LinuxMetadata {
  const values = decodeExtendedAttributes(bytes);
  const device = values.get('$LXDEV');
  return {
    uid: number32(values.get('$LXUID')),
    gid: number32(values.get('$LXGID')),
    mode: number32(values.get('$LXMOD')),
    device: device?.length === 8 ? { major: u32le(device, 0), minor: u32le(device, 4) } : undefined,
  };
}

function number32(value: Uint8Array | undefined): number | undefined {
  return value?.length === 4 ? u32le(value, 0) : undefined;
}
