import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { DiskReport } from '../../src/service/disk-report.ts';
import { CommandRig, until } from '../cli/command-rig.ts';
import { BareQemu } from './bare-qemu.ts';

const root = join(import.meta.dirname, '..', '..');

test('a libvirt domain is protected through virsh, one command after the other', async () => {
  await using world = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'sw-virsh-'));
  world.defer(() => rmSync(folder, { recursive: true }));
  const qemu = new BareQemu(folder);
  world.defer(() => qemu.kill());
  qemu.makeImage('root', 8 * 2 ** 20);
  await qemu.start(['root']);
  const virsh = join(folder, 'virsh');
  const standIn = join(import.meta.dirname, 'virsh-stand-in.ts');
  writeFileSync(virsh, `#!/bin/sh\nexec ${root}/scripts/node ${standIn} ${qemu.qmp} "$@"\n`);
  chmodSync(virsh, 0o755);

  const rig = new CommandRig();
  world.defer(() => rig.close());
  await rig.serve([], { environment: { SECONDWIND_VIRSH: virsh } });
  const unknown = await rig.failure(['machine', 'protect', 'x', '--libvirt', 'other']);
  assert.deepEqual([unknown.code, unknown.exitCode], ['GUEST_UNREACHABLE', 9]);
  const words = ['machine', 'protect', 'web1', '--libvirt', 'sw1', '--socket-folder', folder];
  await rig.ok(words);
  const untilState = (state: string): Promise<DiskReport> =>
    until(async () => {
      const [disk] = await rig.json<DiskReport[]>(['disk', 'list']);
      return disk?.state === state ? disk : undefined;
    });
  await untilState('protecting');
  await qemu.io('root', 'write -P 5 1M 1M');
  const target = join(folder, 'restored');
  await rig.ok(['restore', 'web1/root', '--at', 'now', '--to', target]);
  assert.ok(readFileSync(target).equals(readFileSync(qemu.image('root'))));
  await qemu.kill();
  await untilState('away');
});
