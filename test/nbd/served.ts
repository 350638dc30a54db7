import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { silentLogger } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/system-clock.ts';
import type { WritableDisk } from '../../src/disk/disk.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { type NbdServer, startNbdServer } from '../../src/nbd/server/nbd-server.ts';

const run = promisify(execFile);

/** A disk being served on a Unix socket, and a folder for what a test needs beside it. */
export interface Served {
  readonly disk: WritableDisk;
  readonly server: NbdServer;
  /** Address as libnbd, nbdkit, fio and qemu take it. */
  readonly uri: string;
  readonly socket: string;
  readonly folder: string;
}

/**
 * Serves a disk to a test and tidies up after it.
 * @param options - the disk, a memory disk of 64 MiB when left out; read-only or not
 * @param use - the test
 */
export async function withServed(
  options: { readonly disk?: WritableDisk; readonly isReadOnly?: boolean },
  use: (served: Served) => Promise<void>,
): Promise<void> {
  const { disk = new MemoryDisk(64 * 2 ** 20), isReadOnly = false } = options;
  const folder = mkdtempSync(join(tmpdir(), 'secondwind-nbd-interop-'));
  const socket = join(folder, 'socket');
  const endpoint = { kind: 'unix' as const, path: socket };
  const server = await startNbdServer({ endpoint, log: silentLogger, clock: systemClock });
  server.addExport({ name: 'disk', description: 'a disk for a test', disk, isReadOnly });
  try {
    const uri = `nbd+unix:///disk?socket=${socket}`;
    await use({ disk, server, uri, socket, folder });
  } finally {
    await server.close();
    await disk.close();
    rmSync(folder, { recursive: true });
  }
}

/**
 * Runs a program and waits for its good end.
 * @returns what it printed
 */
export async function tool(program: string, ...words: readonly string[]): Promise<string> {
  const { stdout } = await run(program, words, { maxBuffer: 64 * 2 ** 20, timeout: 60_000 });
  return stdout;
}

/**
 * Data of a real disk's texture: noise, text, zeroes.
 * @param sizeBytes - multiple of 64 KiB
 */
export function texture(sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 65_536) {
    const kind = (at / 65_536) % 4;
    if (kind === 0) bytes.fill(`line ${at} of a text\n`, at, at + 65_536);
    if (kind === 1)
      for (let i = at; i < at + 65_536; i += 4) bytes.writeUInt32LE((i * 2654435761) % 2 ** 32, i);
    if (kind === 3) bytes.fill(1, at + 100, at + 5000);
  }
  return bytes;
}
