import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DiskFiles } from '../../filesystem/disk-files.ts';
import { everyForm, lvmText, physicalId } from '../../filesystem/lvm-metadata-text.ts';

const mebi = 2 ** 20;

/** The first 3 MiB of one of the two disks of a group. */
export async function lvmImage(): Promise<Buffer> {
  await using files = new DiskFiles();
  const paths = ['first', 'second'].map((name) => files.make(name, 16 * mebi));
  const devices = paths.map((path) => files.attach(path));
  const text = join(files.folder, 'vg.txt');
  writeFileSync(text, lvmText(2, everyForm));
  const run = (command: string, ...words: readonly string[]): unknown =>
    execFileSync(command, [...words, '--driverloaded', 'n', '--config', config(files, devices)], {
      stdio: 'ignore',
    });
  for (const [number, device] of devices.entries())
    run('pvcreate', '-qq', '--norestorefile', '--uuid', physicalId(number), device);
  run('vgcfgrestore', '-qq', '--force', '--file', text, 'vg-hand');
  files.detach();
  return readFileSync(paths[0]!).subarray(0, 3 * mebi);
}

const config = (files: DiskFiles, devices: readonly string[]): string =>
  `devices{filter=[${devices.map((device) => `"a|^${device}$|"`).join(',')},"r|.*|"] use_devicesfile=0} backup{backup=0 archive=0} ` +
  `activation{udev_sync=0 udev_rules=0} global{locking_dir="${files.folder}/lock"}`;
