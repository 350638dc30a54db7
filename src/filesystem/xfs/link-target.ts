import type { Awaitable } from '../../disk/disk.ts';
import { linkTargetBytesMax } from '../limits.ts';
import { ForkMap } from './fork-map.ts';
import type { XfsInode } from './inode.ts';
import { readRemoteValue } from './remote-value.ts';
import type { XfsVolume } from './volume.ts';

/**
 * Bytes of the target of a symbolic link.
 * @param volume - the volume
 * @param inode - inode of a link
 * @throws FILE_SYSTEM_DAMAGED
 */
export function readLinkTarget(volume: XfsVolume, inode: XfsInode): Awaitable<Uint8Array> {
  const { data, sizeBytes: lengthBytes } = inode;
  const isLocal = data.format === 'local';
  if (lengthBytes > (isLocal ? data.literal.length : linkTargetBytesMax)) {
    const place = { structure: `inode ${inode.number}, target`, offsetBytes: data.offsetBytes };
    throw volume.damage(place, `it would have ${lengthBytes} bytes`);
  }
  if (isLocal) return data.literal.subarray(0, lengthBytes);
  const map = new ForkMap(volume, data, 'target');
  return readRemoteValue(volume, map, {
    kind: 'link',
    owner: inode.number,
    fileBlock: 0,
    lengthBytes,
  });
}
