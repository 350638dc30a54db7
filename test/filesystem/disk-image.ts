import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/system-clock.ts';
import { openFileDisk } from '../../src/disk/file-disk.ts';
import type { FileSystem } from '../../src/filesystem/file-system.ts';
import { openFileSystem } from '../../src/filesystem/open-file-system.ts';
import { tool } from '../nbd/served.ts';

/** A disk image in a folder of its own, made by the real mkfs, mounted by the real kernel. */
export class DiskImage implements AsyncDisposable {
  /** The image file. */
  readonly path: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.path = join(folder, 'disk.img');
  }

  /**
   * Makes an image.
   * @param sizeBytes - of the image; sparse
   * @param maker - mkfs and its words; the image's path is added at the end
   */
  static async make(sizeBytes: number, maker: readonly [string, ...string[]]): Promise<DiskImage> {
    const image = new DiskImage(mkdtempSync(join(tmpdir(), 'secondwind-fs-')));
    writeFileSync(image.path, '');
    truncateSync(image.path, sizeBytes);
    const [program, ...words] = maker;
    await tool(program, ...words, image.path);
    return image;
  }

  /**
   * Mounts the image while something is done in it.
   * @param words - for mount: ["-o", "ro,noload"], ["-t", "ntfs-3g"]; a loop device is made where the mount wants one
   * @param action - gets the folder where it is mounted
   */
  async mounted<Result>(
    words: readonly string[],
    action: (folder: string) => Result | Promise<Result>,
  ): Promise<Result> {
    const folder = join(this.#folder, 'mount');
    mkdirSync(folder, { recursive: true });
    await tool('mount', ...words, this.path, folder);
    try {
      return await action(folder);
    } finally {
      await tool('umount', folder);
    }
  }

  /**
   * Opens the image with our own reader.
   * @param action - gets the file system; it is closed afterwards
   */
  async read<Result>(action: (fileSystem: FileSystem) => Promise<Result>): Promise<Result> {
    const disk = await openFileDisk(this.path, { isReadOnly: true, clock: systemClock });
    try {
      const fileSystem = await openFileSystem(disk);
      assert(fileSystem !== undefined, 'no reader recognises the image');
      try {
        return await action(fileSystem);
      } finally {
        await fileSystem.close();
      }
    } finally {
      await disk.close();
    }
  }

  /** Removes the image. */
  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
