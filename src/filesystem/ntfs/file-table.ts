import type { Awaitable } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import { noSuchFile } from '../refusals.ts';
import { attributeType } from './attribute.ts';
import { type ListedAttribute, readAttributeList } from './attribute-list.ts';
import { ntfsDamage } from './damage.ts';
import {
  decodeFileRecord,
  type FileRecord,
  isOtherFile,
  recordHeadBytes,
  recordName,
} from './file-record.ts';
import { appendExtent, beginStream, type Stream, spanAt, streamBytes } from './stream.ts';
import type { NtfsVolume } from './volume.ts';

const contentName = { type: attributeType.data, name: '' };

/** The master file table: the records of all files. It is a file itself, whose own record says where the table lies. */
export class FileTable {
  /** The table as a stream. */
  readonly stream: Stream;
  /** The record of the table itself. */
  readonly own: FileRecord;
  readonly #volume: NtfsVolume;

  private constructor(volume: NtfsVolume, own: FileRecord, stream: Stream) {
    this.#volume = volume;
    this.own = own;
    this.stream = stream;
  }

  /**
   * Finds the table; where its first record is damaged, by the copy of it.
   * @param volume - where it lies
   * @throws FILE_SYSTEM_DAMAGED
   */
  static async open(volume: NtfsVolume): Promise<FileTable> {
    const { fileTableOffsetBytes, mirrorOffsetBytes } = volume.geometry;
    try {
      return await FileTable.#openAt(volume, fileTableOffsetBytes);
    } catch (error) {
      return await FileTable.#openAt(volume, mirrorOffsetBytes).catch(() => {
        throw error;
      });
    }
  }

  static async #openAt(volume: NtfsVolume, offsetBytes: number): Promise<FileTable> {
    const { recordBytes } = volume.geometry;
    const structure = recordName(0);
    const bytes = await volume.cache.bytes({ offsetBytes, lengthBytes: recordBytes, structure });
    const own = decodeFileRecord(bytes.slice(), 0, offsetBytes);
    const place = { structure: 'master file table', offsetBytes };
    const stream = beginStream(volume, own.attributes, contentName, place);
    if (stream === undefined || stream.sizeBytes < recordBytes || stream.unitClusters > 0) {
      throw ntfsDamage(place, 'its record does not say where it lies');
    }
    const table = new FileTable(volume, own, stream);
    await table.#extend();
    return table;
  }

  /** How many records it has room for, as far as it is stored: holes are not, and cost nothing to claim. */
  get recordCount(): number {
    const { clusterBytes, recordBytes } = this.#volume.geometry;
    const storedBytes = this.stream.runs.storedClusters * clusterBytes;
    return Math.floor(Math.min(this.stream.sizeBytes, storedBytes) / recordBytes);
  }

  /**
   * One record.
   * @param number - any number
   * @returns the record, in use or not
   * @throws NO_SUCH_FILE beyond the end of the table, FILE_SYSTEM_DAMAGED
   */
  record(number: number): Awaitable<FileRecord> {
    if (!Number.isSafeInteger(number) || number < 0 || number >= this.recordCount) {
      throw noSuchFile({ path: `file ${number}`, where: 'ntfs' });
    }
    const { recordBytes } = this.#volume.geometry;
    const part = { offsetBytes: number * recordBytes, lengthBytes: recordBytes };
    return andThen(streamBytes(this.#volume, this.stream, part), (bytes) =>
      this.#decode(bytes, number),
    );
  }

  /**
   * Whether a reference names a file that is gone, because its record is free or was given to another one. That is how a directory
   * looks whose change was not written yet when the power went.
   * @param number - record of the reference
   * @param sequence - sequence number of the reference
   * @throws FILE_SYSTEM_DAMAGED when nobody knows where the record lies
   */
  isGone(number: number, sequence: number): Awaitable<boolean> {
    if (number >= this.recordCount) return true;
    const offsetBytes = number * this.#volume.geometry.recordBytes;
    const part = { offsetBytes, lengthBytes: recordHeadBytes };
    return andThen(streamBytes(this.#volume, this.stream, part), (head) =>
      isOtherFile(head, sequence),
    );
  }

  /**
   * Where a record begins on the volume, bytes.
   * @param number - 0 ≤ number < recordCount
   */
  offsetOf(number: number): number {
    const offsetBytes = number * this.#volume.geometry.recordBytes;
    return spanAt(this.#volume, this.stream, offsetBytes).volumeOffsetBytes ?? 0;
  }

  #decode(bytes: Uint8Array, number: number): FileRecord {
    return decodeFileRecord(bytes.slice(), number, this.offsetOf(number));
  }

  /** A fragmented table is described by records of its own, each in the part that those before it describe. */
  async #extend(): Promise<void> {
    for (const { record, startCluster } of await this.#listed()) {
      if (record === 0 || startCluster !== this.stream.runs.endCluster) continue;
      const { attributes } = await this.record(record);
      const piece = attributes.find(
        ({ type, name, extent }) =>
          type === contentName.type && name === '' && extent?.startCluster === startCluster,
      );
      if (piece?.extent === undefined) continue;
      appendExtent(this.#volume, this.stream.runs, piece.extent, this.stream.place);
    }
  }

  async #listed(): Promise<readonly ListedAttribute[]> {
    const { place } = this.stream;
    const entries = (await readAttributeList(this.#volume, this.own.attributes, place)) ?? [];
    return entries
      .filter(({ type, isNamed }) => type === contentName.type && !isNamed)
      .sort((left, right) => left.startCluster - right.startCluster);
  }
}
