import { silentLogger } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/system-clock.ts';
import type { ReadableDisk, WritableDisk } from '../../src/disk/disk.ts';
import { type NbdServer, startNbdServer } from '../../src/nbd/server/nbd-server.ts';

/**
 * Serves a disk read-only on a Unix socket until SIGTERM.
 * @param disk - what to serve
 * @param socket - path of the socket
 */
export async function serveReadOnly(disk: ReadableDisk, socket: string): Promise<void> {
  const server = await start(socket);
  server.addExport({ name: 'disk', disk, isReadOnly: true });
  await untilTerminated(server);
}

/**
 * Serves a disk on a Unix socket until SIGTERM.
 * @param disk - what to serve
 * @param socket - path of the socket
 */
export async function serveWritable(disk: WritableDisk, socket: string): Promise<void> {
  const server = await start(socket);
  server.addExport({ name: 'disk', disk });
  await untilTerminated(server);
}

async function start(socket: string): Promise<NbdServer> {
  const endpoint = { kind: 'unix', path: socket } as const;
  return startNbdServer({ endpoint, log: silentLogger, clock: systemClock });
}

async function untilTerminated(server: NbdServer): Promise<void> {
  console.log(JSON.stringify({ isReady: true }));
  await new Promise((resolve) => process.once('SIGTERM', resolve));
  await server.close();
}
