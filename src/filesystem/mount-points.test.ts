import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFstab } from './mount-points.ts';

const fstab = `# /etc/fstab: static file system information.
UUID=0a3407de-014b-458b-b5c1-848e92a327a3 /     ext4  errors=remount-ro 0 1
UUID=CAFE-1234\t/boot/efi\tvfat\tumask=0077\t0\t1
LABEL="my\\040data" /srv/with\\040space xfs noatime,nofail
PARTUUID=c0ffee01-02 /mnt auto
/dev/disk/by-label/a\\x20b /ab ext4 defaults 0 0
/dev/mapper/my--vg-data--lv /data ext4 defaults 0 2
/dev/vg/home /home btrfs subvol=/@home,compress=zstd
/dev/sda1 /old ext3
UUID=1 none swap sw 0 0
UUID=2 swap swap sw 0 0
proc /proc proc defaults 0 0
server:/export /net nfs defaults 0 0
tmpfs /tmp tmpfs
broken
`;

test('says which volume is mounted where, by every way of naming one', () => {
  const found = readFstab(fstab).map(({ path, volume }) => [path, volume.by, volume.value]);
  assert.deepEqual(found, [
    ['/', 'uuid', '0a3407de-014b-458b-b5c1-848e92a327a3'],
    ['/boot/efi', 'uuid', 'CAFE-1234'],
    ['/srv/with space', 'label', 'my data'],
    ['/mnt', 'partition-uuid', 'c0ffee01-02'],
    ['/ab', 'label', 'a b'],
    ['/data', 'logical-volume', 'my-vg/data-lv'],
    ['/home', 'logical-volume', 'vg/home'],
    ['/old', 'device', '/dev/sda1'],
  ]);
});

test('options and kinds are kept', () => {
  const home = readFstab(fstab).find(({ path }) => path === '/home');
  assert.deepEqual([home?.kind, home?.options], ['btrfs', ['subvol=/@home', 'compress=zstd']]);
});

test('hostile text costs no more than its length', () => {
  assert.equal(readFstab('UUID=1 /x ext4\n'.repeat(100_000)).length, 1024);
  assert.equal(readFstab(`UUID=${'"'.repeat(1_000_000)} /x`).length, 1);
  assert.equal(readFstab(`/dev/mapper/${'-'.repeat(1_000_000)} /x`).length, 1);
  assert.equal(readFstab('\\'.repeat(1_000_000)).length, 0);
});
