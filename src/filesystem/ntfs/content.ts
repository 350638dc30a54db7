import type { Awaitable, ReadableDisk } from '../../disk/disk.ts';
import { andThen } from '../and-then.ts';
import { type ContentRun, MappedContent } from '../mapped-content.ts';
import { cannotLookInside, noSuchFile, notAFile } from '../refusals.ts';
import { attributeType } from './attribute.ts';
import { BytesContent } from './bytes-content.ts';
import { CompressedSource } from './compressed-content.ts';
import { informationOf, kindOf, sizesOf, specialityOf } from './file-status.ts';
import type { NtfsFile } from './ntfs-file.ts';
import { decodeWof, isSurrogate, reparseTag, reparseTagOf } from './reparse-point.ts';
import { gatherStream, type Stream, spanAt } from './stream.ts';
import { UnitContent } from './unit-content.ts';
import type { NtfsVolume } from './volume.ts';
import { WofSource, wofStreamName } from './wof-content.ts';

/**
 * Opens the content of a file, or one of its named streams.
 * @param volume - where it lies
 * @param file - whose
 * @param name - of the stream; empty for the content
 * @throws NO_SUCH_FILE when it has no such stream, NOT_A_FILE, CANNOT_LOOK_INSIDE, FILE_SYSTEM_DAMAGED
 */
export async function openContent(
  volume: NtfsVolume,
  file: NtfsFile,
  name: string,
): Promise<ReadableDisk> {
  if (name !== '') return openStream(volume, namedStream(volume, file, name));
  const information = informationOf(file);
  const special = await specialityOf(volume, file, information);
  const kind = kindOf(file.records[0].isDirectory, special, information.flags);
  const tag = special.reparse === undefined ? 0 : reparseTagOf(special.reparse);
  if (kind === 'other' && !isSurrogate(tag)) {
    const reason =
      tag === reparseTag.deduplicated
        ? 'Windows keeps it in the store of its deduplication'
        : `a driver of Windows keeps it (reparse point 0x${tag.toString(16)})`;
    throw cannotLookInside(file.place.structure, reason);
  }
  if (kind !== 'file') throw notAFile({ path: file.place.structure, where: 'ntfs' });
  if (tag === reparseTag.wof && special.reparse !== undefined) {
    return openWof(volume, file, special.reparse);
  }
  return openStream(volume, namedStream(volume, file, ''));
}

/**
 * Names and sizes of the alternate data streams of a file; not of the one in which the WOF driver keeps the content.
 * @param volume - where it lies
 * @param file - whose
 * @throws FILE_SYSTEM_DAMAGED
 */
export function namedStreams(
  volume: NtfsVolume,
  file: NtfsFile,
): Awaitable<readonly { readonly name: string; readonly sizeBytes: number }[]> {
  const streams = file.attributes
    .filter(({ type, name, extent }) => {
      const isFirst = extent === undefined || extent.startCluster === 0;
      return type === attributeType.data && name !== '' && isFirst;
    })
    .map(({ name, value, extent }) => ({
      name,
      sizeBytes: value?.length ?? extent?.sizeBytes ?? 0,
    }));
  if (!streams.some(({ name }) => name === wofStreamName)) return streams;
  return andThen(specialityOf(volume, file, informationOf(file)), ({ reparse }) => {
    const isWof = reparse !== undefined && reparseTagOf(reparse) === reparseTag.wof;
    return isWof ? streams.filter(({ name }) => name !== wofStreamName) : streams;
  });
}

function namedStream(volume: NtfsVolume, file: NtfsFile, name: string): Stream {
  const wanted = { type: attributeType.data, name };
  const stream = gatherStream(volume, file.attributes, wanted, file.place);
  if (stream !== undefined) return stream;
  throw noSuchFile({ path: `${file.place.structure}:${name}`, where: 'ntfs' });
}

function openWof(volume: NtfsVolume, file: NtfsFile, reparse: Uint8Array): ReadableDisk {
  const compression = decodeWof(reparse);
  if (compression === undefined) {
    throw cannotLookInside(file.place.structure, 'it lies in an image file elsewhere');
  }
  // The hole that the unnamed stream is has the right length, whatever its runs say.
  const { sizeBytes } = sizesOf(file);
  const stream = namedStream(volume, file, wofStreamName);
  const stored = openStream(volume, stream);
  return new UnitContent(new WofSource({ stored, sizeBytes, compression, place: stream.place }));
}

/**
 * Opens a stream as the system itself would show it.
 * @param volume - where it lies
 * @param stream - which
 * @throws CANNOT_LOOK_INSIDE when it is encrypted, FILE_SYSTEM_DAMAGED
 */
export function openStream(volume: NtfsVolume, stream: Stream): ReadableDisk {
  if (stream.isEncrypted) {
    throw cannotLookInside(stream.place.structure, 'it is encrypted by Windows (EFS)');
  }
  if (stream.value !== undefined) return new BytesContent(stream.value);
  if (stream.unitClusters > 0) return new UnitContent(new CompressedSource(volume, stream));
  return new MappedContent(volume.disk, {
    sizeBytes: stream.sizeBytes,
    runAt: (offsetBytes): ContentRun => ({
      startBytes: offsetBytes,
      ...spanAt(volume, stream, offsetBytes),
    }),
  });
}
