// $Secure: security descriptors that files share. Files name theirs by number; the index $SII says where in the stream $SDS it lies. There, each
// begins at a multiple of 16 bytes and does not cross a multiple of 256 KiB, and every second 256 KiB are a copy of those before.
//
//   descriptor in the stream:                    data of the index:
//     0x00    4 hash of the descriptor             0x00    4 hash
//     0x04    4 its number                         0x04    4 number
//     0x08    8 its place in the stream            0x08    8 place in the stream
//     0x10    4 length with this header            0x10    4 length with the header
//     0x14      descriptor
import { u16le, u32le, u64le } from '../integers.ts';
import { attributeType } from './attribute.ts';
import { ntfsDamage } from './damage.ts';
import { FileIndex } from './file-index.ts';
import type { FileTable } from './file-table.ts';
import type { IndexEntry } from './index-node.ts';
import { securityDescriptorBytesMax } from './limits.ts';
import { loadSystemFile } from './ntfs-file.ts';
import { gatherStream, type Stream, streamBytes } from './stream.ts';
import { systemRecord } from './system-files.ts';
import type { NtfsVolume } from './volume.ts';

const headerBytes = 0x14;
const copyDistanceBytes = 256 * 1024;

/** Where a descriptor lies, as the index says. */
interface StoredPlace {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** The descriptors of one volume. */
export class SecurityStore {
  readonly #volume: NtfsVolume;
  readonly #index: FileIndex;
  readonly #stream: Stream;

  private constructor(volume: NtfsVolume, index: FileIndex, stream: Stream) {
    this.#volume = volume;
    this.#index = index;
    this.#stream = stream;
  }

  /**
   * Opens the store of a volume.
   * @param volume - whose
   * @param table - its records
   * @throws FILE_SYSTEM_DAMAGED
   */
  static async open(volume: NtfsVolume, table: FileTable): Promise<SecurityStore> {
    const file = await loadSystemFile(volume, table, systemRecord.secure);
    const name = { type: attributeType.data, name: '$SDS' };
    const stream = gatherStream(volume, file.attributes, name, file.place);
    if (stream === undefined) throw ntfsDamage(file.place, 'it has no stream of descriptors');
    return new SecurityStore(volume, new FileIndex(volume, file, '$SII'), stream);
  }

  /**
   * A descriptor by its number.
   * @param id - as a file names it
   * @returns undefined when there is none of this number
   * @throws FILE_SYSTEM_DAMAGED when neither it nor its copy is whole
   */
  async descriptor(id: number): Promise<Uint8Array | undefined> {
    const entry = await this.#index.search(({ key }) => u32le(key, 0) - id);
    if (entry === undefined) return undefined;
    const place = placeIn(entry);
    const descriptor =
      (await this.#soundAt(id, place, 0)) ?? (await this.#soundAt(id, place, copyDistanceBytes));
    if (descriptor !== undefined) return descriptor;
    throw ntfsDamage(this.#stream.place, `descriptor ${id} is not at ${place.offsetBytes}`);
  }

  async #soundAt(id: number, place: StoredPlace, skip: number): Promise<Uint8Array | undefined> {
    const offsetBytes = place.offsetBytes + skip;
    const { lengthBytes } = place;
    const isInside =
      lengthBytes > headerBytes &&
      lengthBytes <= securityDescriptorBytesMax &&
      offsetBytes + lengthBytes <= this.#stream.sizeBytes;
    if (!isInside) return undefined;
    const bytes = await streamBytes(this.#volume, this.#stream, { offsetBytes, lengthBytes });
    const descriptor = bytes.subarray(headerBytes);
    const isSound = u32le(bytes, 4) === id && u32le(bytes, 0) === securityHash(descriptor);
    return isSound ? descriptor : undefined;
  }
}

function placeIn({ bytes }: IndexEntry): StoredPlace {
  const dataAt = u16le(bytes, 0);
  return { offsetBytes: u64le(bytes, dataAt + 8), lengthBytes: u32le(bytes, dataAt + 0x10) };
}

/**
 * The hash by which descriptors are looked up and checked; a rest of fewer than four bytes does not count.
 * @source ntfs-3g libntfs-3g/security.c, ntfs_security_hash
 */
function securityHash(descriptor: Uint8Array): number {
  let hash = 0;
  for (let at = 0; at + 4 <= descriptor.length; at += 4) {
    hash = (u32le(descriptor, at) + ((hash << 3) | (hash >>> 29))) >>> 0;
  }
  return hash;
}
