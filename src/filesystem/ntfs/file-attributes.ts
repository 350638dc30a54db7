import type { Awaitable } from '../../disk/disk.ts';
import type { FileAttribute } from '../file-system.ts';
import { attributeValueBytesMax } from '../limits.ts';
import { attributeType } from './attribute.ts';
import { informationOf } from './file-status.ts';
import { reparseBytesMax, securityDescriptorBytesMax } from './limits.ts';
import { type NtfsFile, namesOf, readValue } from './ntfs-file.ts';
import { reparseText } from './reparse-point.ts';
import { securityDescriptorText } from './security-descriptor.ts';
import type { SecurityStore } from './security-store.ts';
import type { NtfsVolume } from './volume.ts';

/** What the attributes of a file are read with. */
export interface AttributeSources {
  readonly volume: NtfsVolume;
  /** Opened only for a file whose descriptor lies there. */
  readonly securityStore: () => Promise<SecurityStore>;
}

/**
 * What belongs to a file beside content and status, under the names and in the form in which ntfs-3g gives and takes it.
 * @param sources - see AttributeSources
 * @param file - whose
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function fileAttributes(
  sources: AttributeSources,
  file: NtfsFile,
): Promise<readonly FileAttribute[]> {
  const { flags } = informationOf(file);
  const attributes: FileAttribute[] = [{ name: 'system.ntfs_attrib', value: number32(flags) }];
  const security = await securityDescriptor(sources, file);
  if (security !== undefined) {
    const text = securityDescriptorText(security);
    attributes.push({ name: 'system.ntfs_acl', value: security.slice(), text });
  }
  const reparse = await plainValue(sources, file, attributeType.reparsePoint, reparseBytesMax);
  if (reparse !== undefined) {
    const text = reparseText(reparse);
    attributes.push({ name: 'system.ntfs_reparse_data', value: reparse.slice(), text });
  }
  const ea = await plainValue(sources, file, attributeType.ea, attributeValueBytesMax);
  if (ea !== undefined) attributes.push({ name: 'system.ntfs_ea', value: ea.slice() });
  const short = namesOf(file).find(({ isShort }) => isShort)?.name;
  if (short !== undefined) {
    attributes.push({ name: 'system.ntfs_dos_name', value: Buffer.from(short), text: short });
  }
  return attributes;
}

/** Since NTFS 3.0 files share descriptors; before, and where a driver did not know better, each holds its own. */
async function securityDescriptor(
  sources: AttributeSources,
  file: NtfsFile,
): Promise<Uint8Array | undefined> {
  const { securityDescriptor: type } = attributeType;
  const own = await plainValue(sources, file, type, securityDescriptorBytesMax);
  const { securityId } = informationOf(file);
  if (own !== undefined || securityId === 0) return own;
  return (await sources.securityStore()).descriptor(securityId);
}

function plainValue(
  { volume }: AttributeSources,
  file: NtfsFile,
  type: number,
  lengthBytesMax: number,
): Awaitable<Uint8Array> | undefined {
  return readValue(volume, file, { type, name: '', lengthBytesMax });
}

function number32(value: number): Uint8Array {
  return Uint8Array.of(value, value >> 8, value >> 16, value >>> 24);
}
