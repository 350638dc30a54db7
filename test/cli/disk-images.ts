import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { seededRandom } from '../../src/base/random.ts';
import type { DiskReport } from '../../src/service/disk-report.ts';
import { type CommandRig, until } from './command-rig.ts';

const mebibyte = 1024 * 1024;

/** Writes an image: some random data, some zeroes. */
export function writeImage(file: string, sizeMebibytes: number, seed: number): Buffer {
  const bytes = Buffer.alloc(sizeMebibytes * mebibyte);
  seededRandom(seed).fill(bytes.subarray(0, mebibyte));
  bytes.fill(`text of ${seed} `, 2 * mebibyte, 3 * mebibyte);
  writeFileSync(file, bytes);
  return bytes;
}

/** Adds a tap and waits for its first image; gives its NBD address. */
export async function protect(rig: CommandRig, name: string, image: string): Promise<string> {
  const socket = `${image}.sock`;
  await rig.ok(['disk', 'add', name, '--tap', image, '--listen', `unix:${socket}`]);
  await until(async () => {
    const disks = await rig.json<DiskReport[]>(['disk', 'list']);
    const disk = disks.find((each) => `${each.machine}/${each.disk}` === name);
    return disk?.state === 'protecting' && disk.lastPoint !== undefined ? disk : undefined;
  });
  return `nbd+unix:///?socket=${socket}`;
}

/** Writes through NBD as a client does. */
export async function writeThrough(
  uri: string,
  offsetBytes: number,
  pattern: number,
): Promise<void> {
  await program('qemu-io', [
    '-f',
    'raw',
    '-c',
    `write -P ${pattern} ${offsetBytes} 64k`,
    '-c',
    'flush',
    uri,
  ]);
}

/** Reads a whole network disk. */
export async function readThrough(uri: string, file: string): Promise<Buffer> {
  await program('nbdcopy', [uri, file]);
  return readFileSync(file);
}

/** Runs a program that must succeed. */
export function program(name: string, words: readonly string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  execFile(name, words, (error, stdout, stderr) => {
    if (error === null) resolve(stdout);
    else reject(new Error(`${name}: ${stderr || error.message}`));
  });
  return promise;
}
