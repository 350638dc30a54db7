import type { Awaitable } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import type { FileKind, FileStatus } from '../file-system.ts';
import { attributeValueBytesMax } from '../limits.ts';
import { attributeType } from './attribute.ts';
import { ntfsDamage } from './damage.ts';
import { type LinuxMetadata, linuxMetadata } from './extended-attributes.ts';
import { decodeInterixFile, type InterixFile, interixBytesMax } from './interix-file.ts';
import { reparseBytesMax } from './limits.ts';
import { type NtfsFile, readValue, shownNameCount } from './ntfs-file.ts';
import { decodeLink, isCloud, isSurrogate, reparseTag, reparseTagOf } from './reparse-point.ts';
import {
  decodeStandardInformation,
  fileFlag,
  fileFlagNames,
  type StandardInformation,
} from './standard-information.ts';
import type { NtfsVolume } from './volume.ts';

/** What makes a file something else than a plain file or directory. */
export interface Speciality {
  /** Value of its reparse point. */
  readonly reparse?: Uint8Array | undefined;
  readonly interix?: InterixFile | undefined;
  readonly linux: LinuxMetadata;
}

const ordinary: Speciality = { linux: {} };
const permissionBits = 0o7777;

/**
 * The status of a file.
 * @param volume - where it lies
 * @param file - which
 * @throws FILE_SYSTEM_DAMAGED
 */
export function describeFile(volume: NtfsVolume, file: NtfsFile): Awaitable<FileStatus> {
  const information = informationOf(file);
  return andThen(specialityOf(volume, file, information), (special) =>
    statusOf(file, information, special),
  );
}

/**
 * The standard information of a file.
 * @param file - which
 * @throws FILE_SYSTEM_DAMAGED when it has none
 */
export function informationOf(file: NtfsFile): StandardInformation {
  const attribute = file.attributes.find(({ type }) => type === attributeType.standardInformation);
  const information = attribute?.value && decodeStandardInformation(attribute.value);
  if (information === undefined) throw ntfsDamage(file.place, 'it has no standard information');
  return information;
}

/**
 * What makes a file special.
 * @param volume - where it lies
 * @param file - which
 * @param information - its standard information
 * @returns at once unless a value lies outside the file record and is not cached
 * @throws FILE_SYSTEM_DAMAGED
 */
export function specialityOf(
  volume: NtfsVolume,
  file: NtfsFile,
  information: StandardInformation,
): Awaitable<Speciality> {
  const { reparsePoint, ea } = attributeType;
  return andThen(unnamed(volume, file, reparsePoint, reparseBytesMax), (reparse) =>
    andThen(unnamed(volume, file, ea, attributeValueBytesMax), (attributes) =>
      andThen(interixBytes(volume, file, information), (interix) => {
        if (reparse === undefined && attributes === undefined && interix === undefined) {
          return ordinary;
        }
        return {
          reparse,
          interix: interix && decodeInterixFile(interix),
          linux: attributes === undefined ? {} : linuxMetadata(attributes),
        };
      }),
    ),
  );
}

/** Content that is short enough, and a file that has the flag, to be a special file of Interix. */
function interixBytes(
  volume: NtfsVolume,
  file: NtfsFile,
  { flags }: StandardInformation,
): Awaitable<Uint8Array> | undefined {
  if ((flags & fileFlag.system) === 0 || file.records[0].isDirectory) return undefined;
  const { sizeBytes } = sizesOf(file);
  if (sizeBytes <= 8 || sizeBytes > interixBytesMax) return undefined;
  const content = file.attributes.find(({ type, name }) => isContent(type, name));
  if (content === undefined || content.flags !== 0) return undefined;
  return unnamed(volume, file, attributeType.data, interixBytesMax);
}

function unnamed(
  volume: NtfsVolume,
  file: NtfsFile,
  type: number,
  lengthBytesMax: number,
): Awaitable<Uint8Array> | undefined {
  return readValue(volume, file, { type, name: '', lengthBytesMax });
}

/**
 * What a file is.
 * @param isDirectory - whether its record says so
 * @param special - see Speciality
 * @param flags - of its standard information
 */
export function kindOf(isDirectory: boolean, special: Speciality, flags: number): FileKind {
  if (special.reparse !== undefined) return reparseKind(isDirectory, special.reparse, flags);
  if (isDirectory) return 'directory';
  return special.interix?.kind ?? 'file';
}

const kindsByTag: ReadonlyMap<number, FileKind> = new Map([
  [reparseTag.symbolicLink, 'link'],
  [reparseTag.mountPoint, 'link'],
  [reparseTag.linuxLink, 'link'],
  [reparseTag.wof, 'file'],
  [reparseTag.socket, 'socket'],
  [reparseTag.pipe, 'pipe'],
  [reparseTag.characterDevice, 'character-device'],
  [reparseTag.blockDevice, 'block-device'],
]);

/** A directory of a cloud drive is a directory; a file of one is a file when its content is here. */
function reparseKind(isDirectory: boolean, reparse: Uint8Array, flags: number): FileKind {
  const tag = reparseTagOf(reparse);
  const known = kindsByTag.get(tag);
  if (known !== undefined) return known;
  if (isDirectory) return isSurrogate(tag) ? 'other' : 'directory';
  const away = fileFlag.offline | fileFlag.recallOnOpen | fileFlag.recallOnDataAccess;
  return isCloud(tag) && (flags & away) === 0 ? 'file' : 'other';
}

/**
 * The target of a link.
 * @param special - see Speciality
 * @returns undefined when the file is no link, or its reparse point contradicts itself
 */
export function linkTarget(special: Speciality): string | undefined {
  if (special.reparse !== undefined) return decodeLink(special.reparse)?.target;
  return special.interix?.kind === 'link' ? special.interix.target : undefined;
}

function statusOf(
  file: NtfsFile,
  information: StandardInformation,
  special: Speciality,
): FileStatus {
  const [base] = file.records;
  const kind = kindOf(base.isDirectory, special, information.flags);
  const { sizeBytes, allocatedBytes } = sizesOf(file);
  const { uid, gid, mode } = special.linux;
  return {
    id: String(base.number),
    kind,
    generation: base.sequence,
    sizeBytes: kind === 'link' ? Buffer.byteLength(linkTarget(special) ?? '') : sizeBytes,
    allocatedBytes,
    linkCount: shownNameCount(file),
    mode: mode === undefined ? undefined : mode & permissionBits,
    uid,
    gid,
    modifiedMicros: information.modifiedMicros,
    changedMicros: information.changedMicros,
    accessedMicros: information.accessedMicros,
    createdMicros: information.createdMicros,
    device: deviceOf(kind, special),
    flags: fileFlagNames(information.flags),
  };
}

function deviceOf(kind: FileKind, { interix, linux }: Speciality): FileStatus['device'] {
  if (kind !== 'block-device' && kind !== 'character-device') return undefined;
  return interix !== undefined && interix.kind !== 'link' ? interix.device : linux.device;
}

/**
 * Length of a file's content or a directory's index, and the space it takes on the volume, bytes; other streams take space too.
 * @param file - which
 */
export function sizesOf({ attributes }: NtfsFile): {
  readonly sizeBytes: number;
  readonly allocatedBytes: number;
} {
  let sizeBytes = 0;
  let allocatedBytes = 0;
  for (const { type, name, value, extent } of attributes) {
    const isIndex = type === attributeType.indexAllocation;
    if (type !== attributeType.data && !isIndex) continue;
    const isMain = isIndex || isContent(type, name);
    if (extent === undefined) {
      if (isMain) sizeBytes += value?.length ?? 0;
    } else if (extent.startCluster === 0) {
      if (isMain) sizeBytes += extent.sizeBytes;
      allocatedBytes += extent.storedBytes;
    }
  }
  return { sizeBytes, allocatedBytes };
}

function isContent(type: number, name: string): boolean {
  return type === attributeType.data && name === '';
}
