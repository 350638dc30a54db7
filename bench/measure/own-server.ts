import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandLine } from './run-command.ts';
import { runCommand } from './run-command.ts';
import { withServer } from './with-server.ts';

const program = join(import.meta.dirname, '..', '..', 'bin', 'secondwind');

/**
 * A command of the product as a user types it.
 * @param folder - data folder of its server
 * @param args - the words behind "secondwind"
 */
export function userCommand(folder: string, ...args: readonly string[]): CommandLine {
  return { program, args, environment: { SECONDWIND_DATA: folder } };
}

/**
 * Runs the product's own server while something is done.
 * @param folder - its data folder, made when missing
 * @param use - what to do meanwhile
 */
export async function withOwnServer<T>(folder: string, use: () => Promise<T>): Promise<T> {
  await mkdir(folder, { recursive: true });
  const socket = join(folder, 'secondwind.sock');
  return (await withServer(userCommand(folder, 'serve'), socket, use)).result;
}

/**
 * Makes a data folder that holds an image as the newest point of "bench/disk".
 * @param folder - the data folder
 * @param image - path of the image
 */
export async function storeImage(folder: string, image: string): Promise<void> {
  await withOwnServer(folder, async () => {
    await runCommand(userCommand(folder, 'disk', 'add', 'bench/disk', '--image', image));
    await runCommand(userCommand(folder, 'disk', 'scan', 'bench/disk'));
  });
}
