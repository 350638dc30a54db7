import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/system-clock.ts';
import { openFileDisk } from '../../src/disk/file-disk.ts';
import { findVolumes } from '../../src/filesystem/find-volumes.ts';
import type { NamedDisk, Volume } from '../../src/filesystem/volume.ts';

/** Image files of the disks of one machine, in a folder of their own, with loop devices for tools that want devices. */
export class DiskFiles implements AsyncDisposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'secondwind-volumes-'));
  readonly #loops: string[] = [];
  readonly #open: NamedDisk[] = [];

  /** @returns path of a new, sparse image */
  make(name: string, sizeBytes: number): string {
    const path = join(this.folder, `${name}.img`);
    writeFileSync(path, '');
    truncateSync(path, sizeBytes);
    return path;
  }

  /** Gives an image a loop device until the end. */
  attach(path: string, sectorBytes = 512): string {
    const words = ['--find', '--show', '--sector-size', String(sectorBytes), path];
    const device = execFileSync('losetup', words, { encoding: 'utf8' }).trim();
    this.#loops.push(device);
    return device;
  }

  /** Takes all loop devices away. */
  detach(): void {
    for (const loop of this.#loops.splice(0)) execFileSync('losetup', ['--detach', loop]);
  }

  /** The volumes of disks, named in the order of their images. */
  async volumes(images: Readonly<Record<string, string>>): Promise<readonly Volume[]> {
    const disks: NamedDisk[] = [];
    for (const [name, path] of Object.entries(images)) {
      disks.push({
        name,
        disk: await openFileDisk(path, { isReadOnly: true, clock: systemClock }),
      });
    }
    this.#open.push(...disks);
    return findVolumes(disks);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { disk } of this.#open) await disk.close();
    this.detach();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** All bytes of a volume. */
export async function bytesOf({ disk }: Volume): Promise<Buffer> {
  const bytes = Buffer.alloc(disk.sizeBytes);
  await disk.read(bytes, 0);
  return bytes;
}
