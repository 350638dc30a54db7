import { isSecondwindError } from '../../base/errors.ts';
import type { Awaitable } from '../../disk/disk.ts';
import { noSuchFile } from '../refusals.ts';
import { type Attribute, attributeType } from './attribute.ts';
import { type ListedAttribute, readAttributeList } from './attribute-list.ts';
import { ntfsDamage, type Place } from './damage.ts';
import { decodeFileName, dosNamespace, type FileName, namespaceAt } from './file-name.ts';
import { type FileRecord, recordName } from './file-record.ts';
import type { FileTable } from './file-table.ts';
import { attributesMax } from './limits.ts';
import { gatherStream, type StreamName, streamBytes } from './stream.ts';
import type { NtfsVolume } from './volume.ts';

/** One file: its base record and those that extend it. */
export interface NtfsFile {
  /** The base record first. */
  readonly records: readonly [FileRecord, ...(readonly FileRecord[])];
  /** Those of all records. */
  readonly attributes: readonly Attribute[];
  /** For messages. */
  readonly place: Place;
}

/**
 * Loads a file.
 * @param volume - where it lies
 * @param table - its records
 * @param number - of its base record
 * @throws NO_SUCH_FILE when the record is not in use or no base record, FILE_SYSTEM_DAMAGED
 */
export function loadFile(
  volume: NtfsVolume,
  table: FileTable,
  number: number,
): Awaitable<NtfsFile> {
  const record = table.record(number);
  if (record instanceof Promise) return record.then((read) => joinRecords(volume, table, read));
  return joinRecords(volume, table, record);
}

/**
 * Loads a file of the file system itself. One that is not in use is damage, since nobody else asked for it.
 * @param volume - where it lies
 * @param table - its records
 * @param number - of its base record: one of systemRecord
 * @throws FILE_SYSTEM_DAMAGED
 */
export async function loadSystemFile(
  volume: NtfsVolume,
  table: FileTable,
  number: number,
): Promise<NtfsFile> {
  try {
    return await loadFile(volume, table, number);
  } catch (error) {
    if (!isSecondwindError(error, 'NO_SUCH_FILE')) throw error;
    // The first records lie together, unless the table is hopelessly in pieces.
    const { fileTableOffsetBytes, recordBytes } = volume.geometry;
    const offsetBytes = fileTableOffsetBytes + number * recordBytes;
    const place = { structure: recordName(number), offsetBytes };
    throw ntfsDamage(place, 'the file system itself needs it, and it is not in use');
  }
}

/**
 * Puts a file together from its base record.
 * @param volume - where it lies
 * @param table - its records
 * @param base - the base record
 * @throws NO_SUCH_FILE when the record is not in use or no base record, FILE_SYSTEM_DAMAGED
 */
export function joinRecords(
  volume: NtfsVolume,
  table: FileTable,
  base: FileRecord,
): Awaitable<NtfsFile> {
  const { number, offsetBytes, attributes } = base;
  if (!base.isInUse || base.base !== undefined) {
    throw noSuchFile({ path: `file ${number}`, where: 'ntfs' });
  }
  const place = { structure: recordName(number), offsetBytes };
  const list = readAttributeList(volume, attributes, place);
  if (list === undefined) return { records: [base], attributes, place };
  return gatherExtensions(table, base, list);
}

async function gatherExtensions(
  table: FileTable,
  base: FileRecord,
  list: Awaitable<readonly ListedAttribute[]>,
): Promise<NtfsFile> {
  const place = { structure: recordName(base.number), offsetBytes: base.offsetBytes };
  const numbers = new Set((await list).map(({ record }) => record));
  numbers.delete(base.number);
  const extensions: FileRecord[] = [];
  for (const number of numbers) {
    if (number >= table.recordCount) throw ntfsDamage(place, `its part ${number} is no record`);
    const extension = table.record(number);
    extensions.push(extension instanceof Promise ? await extension : extension);
  }
  const attributes = [base, ...extensions].flatMap((record) => record.attributes);
  if (attributes.length > attributesMax) {
    throw ntfsDamage(place, `it has ${attributes.length} attributes`);
  }
  const stranger = extensions.find(({ isInUse, base: of }) => !isInUse || of !== base.number);
  if (stranger !== undefined) {
    throw ntfsDamage(place, `its part ${stranger.number} belongs to another file`);
  }
  return { records: [base, ...extensions], attributes, place };
}

/**
 * Reads the whole value of an attribute that is short by nature.
 * @param volume - where it lies
 * @param file - whose
 * @param wanted - which, and how long it may be, bytes
 * @returns undefined when the file has none; the value is borrowed
 * @throws FILE_SYSTEM_DAMAGED when it is longer than it may be
 */
export function readValue(
  volume: NtfsVolume,
  file: NtfsFile,
  wanted: StreamName & { readonly lengthBytesMax: number },
): Awaitable<Uint8Array> | undefined {
  if (!file.attributes.some(({ type }) => type === wanted.type)) return undefined;
  const stream = gatherStream(volume, file.attributes, wanted, file.place);
  if (stream === undefined) return undefined;
  const { sizeBytes, place } = stream;
  if (sizeBytes > wanted.lengthBytesMax || stream.unitClusters > 0) {
    throw ntfsDamage(place, `it has ${sizeBytes} bytes, compressed or not`);
  }
  return streamBytes(volume, stream, { offsetBytes: 0, lengthBytes: sizeBytes });
}

/**
 * The names of a file, the 8.3 ones too.
 * @param file - whose, or one record of it
 * @throws FILE_SYSTEM_DAMAGED
 */
export function namesOf(file: Pick<NtfsFile, 'attributes' | 'place'>): readonly FileName[] {
  const names: FileName[] = [];
  for (const { type, value } of file.attributes) {
    if (type !== attributeType.fileName) continue;
    const name = value === undefined ? undefined : decodeFileName(value);
    if (name === undefined) throw ntfsDamage(file.place, 'a name of it is cut off');
    names.push(name);
  }
  return names;
}

/**
 * The names under which a file is shown: without 8.3 names, unless there is no other.
 * @param names - all its names
 */
export function shownNames(names: readonly FileName[]): readonly FileName[] {
  if (!names.some(({ isShort }) => isShort)) return names;
  const long = names.filter(({ isShort }) => !isShort);
  return long.length > 0 ? long : names;
}

/**
 * How many names of a file are shown, told without decoding them.
 * @param file - whose
 */
export function shownNameCount({ attributes }: NtfsFile): number {
  const spaces = attributes
    .filter(({ type }) => type === attributeType.fileName)
    .map(({ value }) => value?.[namespaceAt]);
  const longCount = spaces.filter((space) => space !== dosNamespace).length;
  return longCount > 0 ? longCount : spaces.length;
}
