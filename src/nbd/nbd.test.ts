import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { silentLogger } from '../base/log.ts';
import { systemClock } from '../base/system-clock.ts';
import type { WritableDisk } from '../disk/disk.ts';
import { createFileDisk } from '../disk/file-disk.ts';
import { MemoryDisk } from '../disk/memory-disk.ts';
import { type DiskUnderTest, testWritableDisk } from '../testing/disk-conformance.ts';
import { FaultyDisk } from '../testing/faulty-disk.ts';
import { connectNbd, type NbdClient } from './client/nbd-client.ts';
import { startNbdServer } from './server/nbd-server.ts';

testWritableDisk('a memory disk through NBD', (sizeBytes) => served(new MemoryDisk(sizeBytes)));

testWritableDisk('a memory disk through NBD with simple replies', (sizeBytes) =>
  served(new MemoryDisk(sizeBytes), false),
);

testWritableDisk('a disk through NBD that sometimes answers later', (sizeBytes) => {
  let count = 0;
  const disk = new FaultyDisk(new MemoryDisk(sizeBytes));
  // The plan changes under way, so that the server guesses wrongly in both directions.
  const delay = async (): Promise<void> => {
    count += 1;
    if (count % 5 === 0) disk.plan = {};
    for (let turn = 0; turn < (count * 7) % 4; turn += 1) await nextTurn();
  };
  disk.plan = { delay };
  const timer = setInterval(() => {
    disk.plan = { delay };
  }, 1);
  return served(disk, true, () => clearInterval(timer));
});

testWritableDisk('a file disk through NBD', async (sizeBytes) => {
  const file = join(tmpdir(), `secondwind-nbd-${randomUUID()}`);
  const disk = await createFileDisk(file, sizeBytes, { clock: systemClock });
  return served(disk, true, () => rmSync(file));
});

async function served(
  disk: WritableDisk,
  isStructured = true,
  tidy?: () => void,
): Promise<DiskUnderTest<NbdClient>> {
  const path = join(tmpdir(), `secondwind-nbd-${randomUUID()}.sock`);
  const endpoint = { kind: 'unix' as const, path };
  const server = await startNbdServer({ endpoint, log: silentLogger, clock: systemClock });
  server.addExport({ name: 'disk', disk });
  const client = await connectNbd({ endpoint, exportName: 'disk', isStructured });
  const dispose = async (): Promise<void> => {
    await server.close();
    await disk.close();
    tidy?.();
  };
  return { disk: client, dispose };
}
