import type { Awaitable } from '../../disk/disk.ts';
import { type Attribute, type AttributeExtent, attributeFlag } from './attribute.ts';
import { ntfsDamage, type Place } from './damage.ts';
import { appendRuns, RunList } from './run-list.ts';
import type { NtfsVolume } from './volume.ts';

/** A sequence of bytes that belongs to a file: its content, an index, a list. */
export interface Stream {
  /** The file and the attribute, for messages. */
  readonly place: Place;
  readonly sizeBytes: number;
  /** Behind this many bytes it reads as zeroes. */
  readonly initialisedBytes: number;
  readonly isEncrypted: boolean;
  /** Clusters of a compression unit; 0 when it is not compressed. */
  readonly unitClusters: number;
  /** Its bytes when they lie in the file record; borrowed from it. */
  readonly value?: Uint8Array | undefined;
  /** Where it lies; empty when the bytes are in the record. */
  readonly runs: RunList;
}

/** Which attribute of a file. */
export interface StreamName {
  /** See attributeType. */
  readonly type: number;
  /** Empty for the unnamed one. */
  readonly name: string;
}

/**
 * Puts a whole stream together from its pieces.
 * @param volume - where it lies
 * @param attributes - all of the file
 * @param wanted - which
 * @param place - the file
 * @returns undefined when the file has none
 * @throws FILE_SYSTEM_DAMAGED when pieces are missing or lie outside the volume
 */
export function gatherStream(
  volume: NtfsVolume,
  attributes: readonly Attribute[],
  wanted: StreamName,
  place: Place,
): Stream | undefined {
  const stream = beginStream(volume, attributes, wanted, place);
  if (stream === undefined || stream.value !== undefined) return stream;
  if (stream.sizeBytes <= stream.runs.endCluster * volume.geometry.clusterBytes) return stream;
  throw ntfsDamage(stream.place, `its ${stream.sizeBytes} bytes do not fit into its runs`);
}

/**
 * Puts a stream together as far as its pieces are known: those of the master file table are found by the ones before them.
 * @param volume - where it lies
 * @param attributes - those known
 * @param wanted - which
 * @param place - the file
 * @returns undefined when there is none
 * @throws FILE_SYSTEM_DAMAGED when the pieces do not follow one another, or lie outside the volume
 */
export function beginStream(
  volume: NtfsVolume,
  attributes: readonly Attribute[],
  wanted: StreamName,
  place: Place,
): Stream | undefined {
  const pieces = attributes.filter(
    ({ type, name }) => type === wanted.type && name === wanted.name,
  );
  const [first] = pieces;
  if (first === undefined) return undefined;
  const ownPlace = { ...place, structure: `${place.structure}, ${streamWords(wanted)}` };
  return first.value === undefined
    ? mappedStream(volume, pieces, ownPlace)
    : residentStream(first.value, first.flags, ownPlace);
}

function streamWords({ type, name }: StreamName): string {
  const words = `attribute 0x${type.toString(16)}`;
  return name === '' ? words : `${words} "${name}"`;
}

function residentStream(value: Uint8Array, flags: number, place: Place): Stream {
  return {
    place,
    sizeBytes: value.length,
    initialisedBytes: value.length,
    isEncrypted: (flags & attributeFlag.encrypted) !== 0,
    unitClusters: 0,
    value,
    runs: new RunList(),
  };
}

function mappedStream(volume: NtfsVolume, pieces: readonly Attribute[], place: Place): Stream {
  const extents = pieces.map((piece) => piece.extent).filter((extent) => extent !== undefined);
  extents.sort((left, right) => left.startCluster - right.startCluster);
  const first = extents[0]!;
  if (first.startCluster !== 0) throw ntfsDamage(place, 'its beginning is missing');
  const flags = pieces[0]!.flags;
  const isCompressed = (flags & attributeFlag.compressed) !== 0 && first.unitExponent > 0;
  const runs = new RunList();
  for (const extent of extents) appendExtent(volume, runs, extent, place);
  return {
    place,
    sizeBytes: first.sizeBytes,
    initialisedBytes: first.initialisedBytes,
    isEncrypted: (flags & attributeFlag.encrypted) !== 0,
    unitClusters: isCompressed ? 2 ** first.unitExponent : 0,
    runs,
  };
}

/**
 * Adds the runs of the next piece of a stream.
 * @param volume - where it lies
 * @param runs - those of the pieces before; receives the new ones
 * @param extent - the piece
 * @param place - the stream
 * @throws FILE_SYSTEM_DAMAGED when it does not continue the runs, or leaves the volume
 */
export function appendExtent(
  volume: NtfsVolume,
  runs: RunList,
  extent: AttributeExtent,
  place: Place,
): void {
  const { clusterCount, clusterBytes } = volume.geometry;
  const { startCluster, endCluster } = extent;
  if (startCluster !== runs.endCluster) {
    throw ntfsDamage(
      place,
      `a piece begins at cluster ${startCluster} and not at ${runs.endCluster}`,
    );
  }
  if (!Number.isSafeInteger(endCluster * clusterBytes)) {
    throw ntfsDamage(place, `it would reach to cluster ${endCluster}`);
  }
  const fault = appendRuns(runs, extent.runs, { clusterCount, endCluster });
  if (fault !== undefined) throw ntfsDamage(place, fault);
}

/** A part of a stream. */
export interface StreamPart {
  /** Start within the stream, bytes. */
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/**
 * A part of a stream of metadata, from the cache.
 * @param volume - where it lies
 * @param stream - neither compressed nor encrypted
 * @param part - inside the stream; at most as long as one structure may be
 * @returns the bytes; borrowed, never to be written
 * @throws FILE_SYSTEM_DAMAGED when the part leaves the stream
 */
export function streamBytes(
  volume: NtfsVolume,
  stream: Stream,
  part: StreamPart,
): Awaitable<Uint8Array> {
  const { offsetBytes, lengthBytes } = part;
  const end = offsetBytes + lengthBytes;
  if (!(offsetBytes >= 0 && end <= stream.sizeBytes)) {
    throw ntfsDamage(stream.place, `it has ${stream.sizeBytes} bytes, and not ${end}`);
  }
  if (stream.value !== undefined) return stream.value.subarray(offsetBytes, end);
  const span = stream.sizeBytes === 0 ? undefined : spanAt(volume, stream, offsetBytes);
  if (span?.volumeOffsetBytes !== undefined && span.lengthBytes >= lengthBytes) {
    const { structure } = stream.place;
    return volume.cache.bytes({ offsetBytes: span.volumeOffsetBytes, lengthBytes, structure });
  }
  return gatherBytes(volume, stream, part);
}

/** What lies at one place of a stream: to the end of its run. */
export interface StreamSpan {
  readonly lengthBytes: number;
  /** Where it lies on the volume; undefined for what reads as zeroes. */
  readonly volumeOffsetBytes?: number | undefined;
}

/**
 * Where a byte of a stream lies, and how many follow it there.
 * @param volume - where it lies
 * @param stream - neither resident nor compressed
 * @param offsetBytes - 0 ≤ offset < size
 * @throws FILE_SYSTEM_DAMAGED when the runs do not reach so far
 */
export function spanAt(volume: NtfsVolume, stream: Stream, offsetBytes: number): StreamSpan {
  const { clusterBytes } = volume.geometry;
  if (offsetBytes >= stream.runs.endCluster * clusterBytes) {
    throw ntfsDamage(stream.place, `its runs do not reach to byte ${offsetBytes}`);
  }
  const run = stream.runs.find(Math.floor(offsetBytes / clusterBytes));
  const inRunBytes = offsetBytes - run.startCluster * clusterBytes;
  const lengthBytes = run.clusterCount * clusterBytes - inRunBytes;
  if (run.volumeCluster === undefined || offsetBytes >= stream.initialisedBytes)
    return { lengthBytes };
  return {
    lengthBytes: Math.min(lengthBytes, stream.initialisedBytes - offsetBytes),
    volumeOffsetBytes: run.volumeCluster * clusterBytes + inRunBytes,
  };
}

async function gatherBytes(
  volume: NtfsVolume,
  stream: Stream,
  part: StreamPart,
): Promise<Uint8Array> {
  const gathered = new Uint8Array(part.lengthBytes);
  for (let done = 0; done < gathered.length; ) {
    const span = spanAt(volume, stream, part.offsetBytes + done);
    const lengthBytes = Math.min(span.lengthBytes, gathered.length - done);
    if (span.volumeOffsetBytes !== undefined) {
      const { structure } = stream.place;
      const place = { offsetBytes: span.volumeOffsetBytes, lengthBytes, structure };
      gathered.set(await volume.cache.bytes(place), done);
    }
    done += lengthBytes;
  }
  return gathered;
}
