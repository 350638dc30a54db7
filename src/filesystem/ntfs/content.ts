import type { ReadableDisk } from '../../disk/disk.ts';
import { type ContentRun, MappedContent } from '../mapped-content.ts';
import { cannotLookInside } from '../refusals.ts';
import { BytesContent } from './bytes-content.ts';
import { CompressedContent } from './compressed-content.ts';
import { type Stream, spanAt } from './stream.ts';
import type { NtfsVolume } from './volume.ts';

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
  if (stream.unitClusters > 0) return new CompressedContent(volume, stream);
  return new MappedContent(volume.disk, {
    sizeBytes: stream.sizeBytes,
    runAt: (offsetBytes): ContentRun => ({
      startBytes: offsetBytes,
      ...spanAt(volume, stream, offsetBytes),
    }),
  });
}
