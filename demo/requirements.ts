import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const programs = [
  'mkfs.ext4',
  'e2fsck',
  'nbdfuse',
  'nbdinfo',
  'nbdcopy',
  'qemu-img',
  'qemu-system-x86_64',
  'losetup',
  'mount',
  'umount',
];
const devices = ['/dev/fuse', '/dev/loop-control'];

/** Folders of programs that only root needs are not on everybody's path. */
export const programPath: string = [process.env['PATH'] ?? '', '/usr/sbin', '/sbin'].join(
  delimiter,
);

/** What the demo needs and does not find, in words. */
export function missingHere(): string[] {
  const isRoot = process.getuid?.() === 0;
  return [
    ...(isRoot ? [] : ['it must run as root, because mounting needs that: sudo npm run demo']),
    ...devices.filter((device) => !isThere(device)).map((device) => `${device} is missing`),
    ...programs.filter((name) => !isProgram(name)).map((name) => `the program ${name} is missing`),
  ];
}

function isProgram(name: string): boolean {
  return programPath.split(delimiter).some((folder) => isThere(join(folder, name), constants.X_OK));
}

function isThere(path: string, mode: number = constants.F_OK): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false; // accessSync has no other way to say no.
  }
}
