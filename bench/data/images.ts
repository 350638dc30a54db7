import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { coolFiles, storedBytes } from '../measure/page-cache.ts';
import { runCommand } from '../measure/run-command.ts';
import { changeCopy } from './changed-copy.ts';
import { makeExt4, makeNtfs } from './file-systems.ts';
import { chooseFiles, listFiles, type RealFile } from './real-files.ts';
import { stageTree } from './staged-tree.ts';

/** Where images are made, and of what. */
export interface ImagesOptions {
  /** Folder of the images, made when missing; an image that is there already is used. */
  readonly folder: string;
  /** Folders of this machine with files to fill them with, the preferred first. */
  readonly roots: readonly string[];
  /** Hears what takes long. */
  readonly say: (line: string) => void;
}

/** Part of an image that files fill; the rest is the file system's own, so that about 96 % is in use. */
const fillShares = [0.93, 0.91, 0.88, 0.8, 0.7];
/** NTFS, and ext4 with large inodes, need more for themselves. */
const twinShare = 0.75;

/** The disk images that all works share, each made when it is first asked for. */
export class Images {
  readonly #options: ImagesOptions;
  #files: readonly RealFile[] | undefined;

  /** @param options - see ImagesOptions */
  constructor(options: ImagesOptions) {
    this.#options = options;
  }

  /**
   * An ext4 image full of real files.
   * @param sizeBytes - its size
   * @returns its path
   */
  async full(sizeBytes: number): Promise<string> {
    return this.#made(`full-${mebi(sizeBytes)}.img`, async (image) => {
      await this.#fill(image, sizeBytes);
    });
  }

  /**
   * The same image after 1 % of its blocks were overwritten with random bytes.
   * @param sizeBytes - its size
   * @returns its path
   */
  async changed(sizeBytes: number): Promise<string> {
    const original = await this.full(sizeBytes);
    return this.#made(`changed-${mebi(sizeBytes)}.img`, async (image) => {
      await changeCopy(original, image, 0.01);
    });
  }

  /**
   * Four images with the same files at other places: three of ext4, made differently, and one of NTFS.
   * @param sizeBytes - size of each
   * @returns their paths
   */
  async twins(sizeBytes: number): Promise<string[]> {
    const features = [[], ['-O', '^has_journal,^flex_bg'], ['-I', '1024', '-g', '16384']];
    const paths = [];
    for (const [index, each] of features.entries()) {
      const make = async (image: string): Promise<void> => {
        await this.#staged(sizeBytes * twinShare, index, async (tree) => {
          await makeExt4({ image, sizeBytes, tree }, each);
        });
      };
      paths.push(await this.#made(`twin-${index + 1}-${mebi(sizeBytes)}.img`, make));
    }
    const makeLast = async (image: string): Promise<void> => {
      await this.#staged(sizeBytes * twinShare, 99, async (tree) => {
        await makeNtfs({ image, sizeBytes, tree });
      });
    };
    return [...paths, await this.#made(`twin-ntfs-${mebi(sizeBytes)}.img`, makeLast)];
  }

  /**
   * Says what an ext4 image is like.
   * @param image - its path
   */
  async describe(image: string): Promise<string> {
    const { output } = await runCommand({ program: 'dumpe2fs', args: ['-h', image] });
    const figure = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(output)?.[1]);
    const blocks = figure('Block count');
    const usedShare = 1 - figure('Free blocks') / blocks;
    const files = figure('Inode count') - figure('Free inodes');
    return `ext4, ${mebi(blocks * 4096)}iB, ${files} files and folders of this machine, ${(usedShare * 100).toFixed(1)} % of its blocks in use`;
  }

  /** Removes all images. */
  async remove(): Promise<void> {
    await rm(this.#options.folder, { recursive: true, force: true });
  }

  async #fill(image: string, sizeBytes: number): Promise<void> {
    for (const share of fillShares) {
      const isFilled = await this.#staged(sizeBytes * share, 0, async (tree) => {
        try {
          await makeExt4({ image, sizeBytes, tree });
          return true;
        } catch (error) {
          if (!String(error).includes('Could not allocate block')) throw error;
          return false;
        }
      });
      if (isFilled) return;
    }
    throw new Error('the files did not fit, however few');
  }

  async #staged<T>(
    wantedBytes: number,
    orderSeed: number,
    use: (tree: string) => Promise<T>,
  ): Promise<T> {
    const tree = join(this.#options.folder, 'staged');
    try {
      this.#files ??= listFiles(this.#options.roots);
      await stageTree(tree, chooseFiles(wantedBytes, this.#files), orderSeed);
      return await use(tree);
    } finally {
      await rm(tree, { recursive: true, force: true });
    }
  }

  async #made(name: string, make: (image: string) => Promise<void>): Promise<string> {
    const path = join(this.#options.folder, name);
    if (existsSync(path)) return path;
    this.#options.say(`making ${name}…`);
    await mkdir(this.#options.folder, { recursive: true });
    const part = `${path}.part`;
    await make(part);
    await runCommand({ program: 'sync', args: [part] });
    await coolFiles(part);
    await rename(part, path);
    const used = (await storedBytes(path)) / 2 ** 20;
    this.#options.say(`made ${name}: ${used.toFixed(0)} MiB of it in use`);
    return path;
  }
}

function mebi(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)}M`;
}
