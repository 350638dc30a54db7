import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/system-clock.ts';
import { createCapturePool } from '../../src/capture/create-capture-pool.ts';
import { MachineCapture } from '../../src/capture/machine-capture.ts';
import { ConfirmingSink } from '../../src/capture/mirror/confirming-sink.ts';
import { GuestMirror } from '../../src/capture/mirror/guest-mirror.ts';
import { startNbdServer } from '../../src/nbd/server/nbd-server.ts';
import { guestConnector } from '../../src/qemu/connect-guest.ts';
import type { CommitReceipt, CommitRequest } from '../../src/repository/index.ts';
import { MemoryRepository } from '../../src/testing/memory-repository.ts';
import { until } from '../cli/command-rig.ts';
import { BareQemu } from './bare-qemu.ts';

const mebibyte = 2 ** 20;
const name = { machine: 'web1', disk: 'root' };

test('a store that stops for ever does not stop the guest; when it goes on, what was missed is found', async () => {
  await using world = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'sw-stall-'));
  world.defer(() => rmSync(folder, { recursive: true }));
  const qemu = new BareQemu(folder);
  world.defer(() => qemu.kill());
  qemu.makeImage('root', 96 * mebibyte);
  await qemu.start(['root']);

  const repository = new MemoryRepository();
  let stall: PromiseWithResolvers<undefined> | undefined;
  const stalling = {
    append: async (request: CommitRequest): Promise<CommitReceipt> => {
      await stall?.promise;
      return repository.append(request);
    },
  };
  const capture: MachineCapture = new MachineCapture({
    machine: name.machine,
    sink: new ConfirmingSink(stalling, (disks, atMicros) => mirror.confirm(disks, atMicros)),
    views: repository,
    clock: systemClock,
    windowMs: 100,
    pool: createCapturePool(48 * mebibyte),
  });
  const socketPath = join(folder, 'mirror');
  const endpoint = { kind: 'unix', path: socketPath } as const;
  const server = await startNbdServer({ endpoint, log: silentLogger, clock: systemClock });
  world.defer(() => server.close());
  const mirror: GuestMirror = new GuestMirror({
    ...{ machine: name.machine, wanted: [], capture, disks: new Map() },
    address: { kind: 'qmp', path: qemu.qmp },
    prefix: 'secondwind-abcdef-',
    sourceSocketPath: join(folder, 'source'),
    server: {
      socketPath,
      exportName: (disk) => disk,
      serve: async (disk, served, onClients) =>
        server.addExport({ name: disk, disk: served, onClients }),
      withdraw: (disk) => server.removeExport(disk),
    },
    connect: guestConnector({ clock: systemClock, virsh: 'virsh' }),
    isPaused: () => false,
    clock: systemClock,
    log: silentLogger,
  });
  world.defer(() => capture.close());
  world.defer(() => mirror.close());
  const untilState = (state: string): Promise<boolean> =>
    until(async () => {
      const { disks } = capture.status;
      return disks.length === 1 && disks[0]!.state === state ? true : undefined;
    });
  await untilState('protecting');

  stall = Promise.withResolvers<undefined>();
  // Each write ends when the guest would see it done; four times as much as there is room for.
  for (let at = 0; at < 64; at++) await qemu.io('root', `write -P ${at + 1} ${at}M 1M`);
  await untilState('gap');
  const jobs = (await qemu.ours()).filter((each) => !each.includes('read'));
  assert.equal(jobs.length, 1, 'the mirror was given up');

  stall.resolve(undefined);
  stall = undefined;
  await untilState('protecting');
  await qemu.io('root', 'write -P 99 70M 1M');
  const receipt = await capture.cutNow();
  const content = await repository.contentAt(name, receipt.timeMicros);
  assert.ok(
    content.equals(readFileSync(qemu.image('root'))),
    'the store is not what the guest has',
  );
});
