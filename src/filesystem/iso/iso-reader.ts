import type { ReadableDisk } from '../../disk/disk.ts';
import { damagedFileSystem } from '../damage.ts';
import { EntryFileSystem } from '../entry-file-system.ts';
import type { FileSystem, FileSystemReader, FileSystemSummary } from '../file-system.ts';
import { isoDescriptorsMax } from '../limits.ts';
import { VolumeCache } from '../volume-cache.ts';
import { decodeRecord } from './directory-record.ts';
import type { IsoNaming } from './iso-names.ts';
import type { IsoNode } from './iso-node.ts';
import { IsoRecords, type IsoTree } from './iso-records.ts';
import { IsoVolume } from './iso-volume.ts';
import {
  decodeVolumeDescriptor,
  firstDescriptorSector,
  isDescriptor,
  rootRecordOffset,
  sectorBytes,
  type VolumeDescriptor,
} from './volume-descriptor.ts';

/** Reads ISO 9660 with the names of Rock Ridge or Joliet. */
export const isoReader: FileSystemReader = {
  kinds: ['iso9660'],
  recognises: (head) => {
    const start = firstDescriptorSector * sectorBytes;
    return isDescriptor(head.subarray(start, start + sectorBytes));
  },
  open: openIso,
};

/** A descriptor and where it lies. */
interface PlacedDescriptor {
  readonly descriptor: VolumeDescriptor;
  readonly offsetBytes: number;
}

async function openIso(disk: ReadableDisk): Promise<FileSystem> {
  const cache = new VolumeCache(disk, 'iso9660');
  const found = await descriptors(cache);
  const primary = found.find(({ descriptor }) => !descriptor.isJoliet);
  const joliet = found.find(({ descriptor }) => descriptor.isJoliet);
  if (primary === undefined) throw damage('volume descriptor', 'there is no primary one');
  const skipBytes = await rockRidgeSkip(cache, primary);
  const isJoliet = skipBytes === undefined && joliet !== undefined;
  const naming = isJoliet ? 'Joliet' : skipBytes === undefined ? 'ISO 9660' : 'Rock Ridge';
  const chosen = isJoliet ? joliet : primary;
  const { blockBytes } = chosen.descriptor;
  const tree: IsoTree = { cache, blockBytes, naming, skipBytes: skipBytes ?? 0 };
  const records = new IsoRecords(tree);
  const rootNode = await rootOf(tree, records, chosen);
  const summary = summaryOf(primary.descriptor, disk, naming);
  return new EntryFileSystem(new IsoVolume({ disk, tree, records, rootNode, summary }));
}

async function descriptors(cache: VolumeCache): Promise<readonly PlacedDescriptor[]> {
  const found: PlacedDescriptor[] = [];
  for (let number = 0; number < isoDescriptorsMax; number += 1) {
    const offsetBytes = (firstDescriptorSector + number) * sectorBytes;
    if (offsetBytes + sectorBytes > cache.sizeBytes) break;
    const place = { offsetBytes, lengthBytes: sectorBytes, structure: 'volume descriptor' };
    const sector = await cache.bytes(place);
    if (!isDescriptor(sector) || sector[0] === 255) break;
    const descriptor = decodeVolumeDescriptor(sector);
    if (descriptor !== undefined) found.push({ descriptor, offsetBytes });
  }
  return found;
}

/**
 * The first record of the root directory begins with an entry "SP" when there is Rock Ridge.
 * @returns how many bytes of other extensions come first; undefined when there is none
 * @source IEEE P1281 (SUSP), §5.3
 */
async function rockRidgeSkip(
  cache: VolumeCache,
  { descriptor, offsetBytes }: PlacedDescriptor,
): Promise<number | undefined> {
  const root = await recordAt(cache, offsetBytes + rootRecordOffset);
  const first = root && (await recordAt(cache, root.block * descriptor.blockBytes));
  const use = first?.systemUse ?? new Uint8Array(0);
  for (const at of [0, 14]) {
    const [s, p, , , be, ef, skipBytes] = use.subarray(at);
    if (s === 0x53 && p === 0x50 && be === 0xbe && ef === 0xef) return skipBytes ?? 0;
  }
  return undefined;
}

async function recordAt(
  cache: VolumeCache,
  offsetBytes: number,
): Promise<ReturnType<typeof decodeRecord>> {
  const sectorEnd = Math.floor(offsetBytes / sectorBytes) * sectorBytes + sectorBytes;
  if (sectorEnd > cache.sizeBytes) return undefined;
  const lengthBytes = sectorEnd - offsetBytes;
  return decodeRecord(await cache.bytes({ offsetBytes, lengthBytes, structure: 'root directory' }));
}

/** The root has its record in the descriptor, but what Rock Ridge says of it stands in its own first record. */
async function rootOf(
  tree: IsoTree,
  records: IsoRecords,
  { offsetBytes }: PlacedDescriptor,
): Promise<IsoNode> {
  const place = offsetBytes + rootRecordOffset;
  const record = await recordAt(tree.cache, place);
  if (record?.isDirectory !== true) throw damage('root directory', 'it is no directory');
  const first = await recordAt(tree.cache, record.block * tree.blockBytes);
  const described = first?.isDirectory === true ? first : record;
  const node = await records.node([{ offsetBytes: place, lengthBytes: 34, record: described }]);
  const extents = [{ block: record.block, lengthBytes: record.sizeBytes }];
  return { ...node, kind: 'directory', contentKey: record.block, extents };
}

function summaryOf(
  descriptor: VolumeDescriptor,
  disk: ReadableDisk,
  naming: IsoNaming,
): FileSystemSummary {
  const { label, uuid, blockBytes, blockCount } = descriptor;
  const sizeBytes = Math.min(blockCount * blockBytes, disk.sizeBytes);
  return {
    kind: 'iso9660',
    label,
    uuid,
    sizeBytes,
    blockBytes,
    freeBytes: 0,
    notes: [`its names are those of ${naming}`],
  };
}

function damage(structure: string, reason: string): Error {
  const offsetBytes = firstDescriptorSector * sectorBytes;
  return damagedFileSystem({ kind: 'iso9660', structure, offsetBytes, reason });
}
