import { isSecondwindError } from '../../base/errors.ts';
import type { ReadableDisk } from '../../disk/disk.ts';
import type { FileSystem } from '../../filesystem/file-system.ts';
import { swapSignatureOf } from './swap-space.ts';

/** What a system writes into swap space in place of its signature when it hibernates there. */
const hibernatedSwap = ['S1SUSPEND', 'S2SUSPEND', 'ULSUSPEND', 'LINHIB0001'];

/** What the hibernation file of Windows begins with while it holds a system. */
const hibernatedFile = ['hibr', 'HIBR'];

/**
 * Whether a Linux system hibernated to a volume.
 * @param volume - partition, logical volume or whole disk
 * @source Linux kernel/power/swap.c, HIBERNATE_SIG; util-linux libblkid/src/superblocks/swap.c
 */
export async function isHibernatedSwap(volume: ReadableDisk): Promise<boolean> {
  const signature = await swapSignatureOf(volume);
  return hibernatedSwap.some((word) => signature?.startsWith(word));
}

/**
 * Whether a Windows system hibernated to a file of a volume. What cannot be read may be one.
 * @param fileSystem - of the volume
 * @throws what the volume throws
 */
export async function isHibernatedWindows(fileSystem: FileSystem): Promise<boolean> {
  if (fileSystem.summary.kind !== 'ntfs') return false;
  try {
    const entry = await fileSystem.find(fileSystem.root, 'hiberfil.sys');
    if (entry === undefined) return false;
    const content = await fileSystem.open(entry.id);
    const head = Buffer.alloc(Math.min(4, content.sizeBytes));
    await content.read(head, 0);
    await content.close();
    return hibernatedFile.includes(head.toString('latin1'));
  } catch (error) {
    const isUnreadable =
      isSecondwindError(error, 'FILE_SYSTEM_DAMAGED') ||
      isSecondwindError(error, 'CANNOT_LOOK_INSIDE') ||
      isSecondwindError(error, 'NOT_A_FILE');
    if (!isUnreadable) throw error;
    return true;
  }
}
