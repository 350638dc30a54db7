import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryDisk } from '../disk/memory-disk.ts';
import { MemoryFileSystem } from '../testing/memory-file-system.ts';
import { type ReadVolume, systemMounts } from './system-mounts.ts';

function volumeOf(address: string, fileSystem: MemoryFileSystem): ReadVolume {
  const disk = new MemoryDisk(0);
  const facts = { sizeBytes: 0, type: '', label: '', partitionUuid: '', spans: [], notes: [] };
  return { volume: { address, kind: 'partition', disk, ...facts }, fileSystem };
}

function rootWith(fstab: string): MemoryFileSystem {
  const root = new MemoryFileSystem('root');
  root.addPath('etc/fstab', { kind: 'file', content: Buffer.from(fstab) });
  return root;
}

test('volumes are shown where the fstab of their system says', async () => {
  const root = rootWith(
    [
      'LABEL=other / ext4 defaults 0 1',
      'LABEL=home /home ext4 defaults 0 2',
      '/dev/vg0/data /srv/data xfs defaults 0 2',
      'LABEL=home /evil/../../x ext4 defaults 0 2',
      'LABEL=nowhere /missing ext4 defaults 0 2',
      'LABEL=swap none swap sw 0 0',
    ].join('\n'),
  );
  const volumes = [
    volumeOf('sda/1', new MemoryFileSystem('home')),
    volumeOf('sda/2', root),
    volumeOf('vg0/data', new MemoryFileSystem('data')),
    volumeOf('sdb/1', new MemoryFileSystem('apart')),
  ];
  const mounts = await systemMounts(volumes);
  assert.deepEqual(
    mounts?.map(({ path, volume }) => `/${path.join('/')} ${volume}`),
    ['/ sda/2', '/home sda/1', '/srv/data vg0/data'],
  );
});

test('without a system there are no paths of its own', async () => {
  assert.equal(await systemMounts([volumeOf('sda/1', new MemoryFileSystem())]), undefined);
});
