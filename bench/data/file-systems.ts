import { mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { runCommand } from '../measure/run-command.ts';

/** How a file system is made from a folder. */
export interface FileSystemOptions {
  /** The image, made anew. */
  readonly image: string;
  readonly sizeBytes: number;
  /** Folder whose content it gets. */
  readonly tree: string;
}

/**
 * Makes an image with ext4, filled from a folder; needs no rights.
 * @param options - see FileSystemOptions
 * @param features - further arguments of mke2fs
 */
export async function makeExt4(
  options: FileSystemOptions,
  features: readonly string[] = [],
): Promise<void> {
  const { image, sizeBytes, tree } = options;
  await makeSparse(image, sizeBytes);
  // No space kept for root; a fixed identity and time of making, so that two images of the same files are alike.
  const fixed = ['-U', '5ec07d71-0000-4000-8000-000000000001', '-E', 'lazy_itable_init=0'];
  const args = [
    '-q',
    '-F',
    '-t',
    'ext4',
    '-b',
    '4096',
    '-i',
    '16384',
    '-m',
    '0',
    ...fixed,
    ...features,
  ];
  await runCommand({ program: 'mke2fs', args: [...args, '-d', tree, image] });
}

/**
 * Makes an image with NTFS, filled from a folder through ntfs-3g; needs root.
 * @param options - see FileSystemOptions
 */
export async function makeNtfs(options: FileSystemOptions): Promise<void> {
  const { image, sizeBytes, tree } = options;
  await makeSparse(image, sizeBytes);
  await runCommand({ program: 'mkntfs', args: ['-q', '-F', '-f', '-c', '4096', image] });
  const place = `${image}.mounted`;
  await mkdir(place, { recursive: true });
  await runCommand({ program: 'ntfs-3g', args: ['-o', 'big_writes', image, place] });
  try {
    await runCommand({ program: 'cp', args: ['-r', '--no-preserve=all', `${tree}/.`, place] });
  } finally {
    await runCommand({ program: 'umount', args: [place] });
    await rm(place, { recursive: true });
  }
}

async function makeSparse(image: string, sizeBytes: number): Promise<void> {
  await rm(image, { force: true });
  await writeFile(image, '');
  await truncate(image, sizeBytes);
}
