import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytesOf, DiskFiles } from './disk-files.ts';
import { everyForm, lvmText, physicalId } from './lvm-metadata-text.ts';

const mebi = 2 ** 20;
const extentBytes = mebi;
const diskBytes = 16 * mebi;

/** The real tools on loop devices, without the kernel's device mapper: they write what they always write. */
class Lvm {
  readonly #config: string;

  constructor(files: DiskFiles, devices: readonly string[]) {
    const filter = devices.map((device) => `"a|^${device}$|"`).join(',');
    this.#config =
      `devices{filter=[${filter},"r|.*|"] use_devicesfile=0} backup{backup=0 archive=0} ` +
      `activation{udev_sync=0 udev_rules=0} global{locking_dir="${files.folder}/lock"}`;
  }

  run(command: string, ...words: readonly string[]): string {
    const all = [...words, '--driverloaded', 'n', '--config', this.#config];
    return execFileSync(command, all, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }
}

function makeDisks(
  files: DiskFiles,
  count: number,
): { paths: string[]; lvm: Lvm; devices: string[] } {
  const paths = Array.from({ length: count }, (_, number) => {
    const path = files.make(`disk${number}`, diskBytes);
    // Every unit of striping says whose it is, so that none can be taken for another.
    const file = openSync(path, 'r+');
    const mark = Buffer.alloc(8);
    for (let at = mebi; at < diskBytes; at += 65_536) {
      mark.writeDoubleLE(at + number);
      writeSync(file, mark, 0, mark.length, at + 100);
    }
    closeSync(file);
    return path;
  });
  const devices = paths.map((path) => files.attach(path));
  const lvm = new Lvm(files, devices);
  for (const [number, device] of devices.entries()) {
    lvm.run('pvcreate', '-qq', '--norestorefile', '--uuid', physicalId(number), device);
  }
  return { paths, lvm, devices };
}

const named = (paths: readonly string[]): Record<string, string> =>
  Object.fromEntries(paths.map((path, number) => [`sd${'abc'[number]!}`, path]));

test('volumes that lvcreate made lie where lvs says', async () => {
  await using files = new DiskFiles();
  const { paths, lvm, devices } = makeDisks(files, 3);
  lvm.run('vgcreate', '-qq', '-s', '1m', 'vg', ...devices);
  lvm.run('lvcreate', '-qq', '-an', '-Zn', '-n', 'linear', '-l', '3', 'vg');
  lvm.run(
    'lvcreate',
    '-qq',
    '-an',
    '-Zn',
    '-n',
    'striped',
    '-i',
    '3',
    '-I',
    '64k',
    '-l',
    '6',
    'vg',
  );
  lvm.run('lvextend', '-qq', '-l', '+14', 'vg/linear');
  const listed = lvm.run(
    'lvs',
    '--noheadings',
    '--segments',
    '--separator',
    ';',
    '-o',
    'lv_name,seg_start_pe,seg_size_pe,seg_pe_ranges',
    'vg',
  );
  files.detach();
  const disks = new Map(devices.map((device, number) => [device, readFileSync(paths[number]!)]));
  const volumes = await files.volumes(named(paths));
  for (const name of ['linear', 'striped']) {
    const volume = volumes.find(({ address }) => address === `vg/${name}`);
    assert(volume !== undefined && volume.refusal === undefined, name);
    assert(expectedBytes(listed, name, disks).equals(await bytesOf(volume)), `bytes of ${name}`);
  }
  assert.match(volumes[0]!.refusal!, /physical volume of the LVM group "vg"/);
  const alone = await files.volumes({ sda: paths[0]! });
  assert.match(alone.find(({ address }) => address === 'vg/striped')!.refusal!, /not among these/);
});

/** Puts a volume together from the table of lvs: "name;first;count;/dev/loop0:0-2 /dev/loop1:0-2". Data begins at 1 MiB. */
function expectedBytes(listed: string, name: string, disks: ReadonlyMap<string, Buffer>): Buffer {
  const rows = listed
    .trim()
    .split('\n')
    .map((line) => line.trim().split(';'));
  const pieces: Buffer[] = [];
  for (const [, , , ranges] of rows.filter(([row]) => row === name)) {
    const parts = ranges!.split(' ').map((range) => {
      const [, device, first, last] = /^(.+):(\d+)-(\d+)$/.exec(range)!;
      return disks
        .get(device!)!
        .subarray(mebi + Number(first) * extentBytes, mebi + (Number(last) + 1) * extentBytes);
    });
    const unit = parts.length === 1 ? parts[0]!.length : 65_536;
    for (let at = 0; at < parts[0]!.length; at += unit) {
      for (const part of parts) pieces.push(part.subarray(at, at + unit));
    }
  }
  return Buffer.concat(pieces);
}

test('mirrors are read by a leg that is there; what cannot be read says why', async () => {
  await using files = new DiskFiles();
  const { paths, lvm } = makeDisks(files, 2);
  const description = join(files.folder, 'vg.txt');
  writeFileSync(description, lvmText(2, everyForm));
  lvm.run('vgcfgrestore', '-qq', '--force', '--file', description, 'vg-hand');
  files.detach();
  const volumes = new Map(
    (await files.volumes(named(paths))).map((volume) => [volume.address, volume]),
  );
  const mirrored = volumes.get('vg-hand/mirrored')!;
  const leg = (number: number): Buffer =>
    readFileSync(paths[number]!).subarray(mebi + extentBytes, mebi + 3 * extentBytes);
  assert((await bytesOf(mirrored)).equals(leg(0)));
  assert.deepEqual(mirrored.notes, ['it is a mirror, read by leg 1 of 2']);
  assert.equal(volumes.get('vg-hand/snapped')?.refusal, undefined);
  assert.match(volumes.get('vg-hand/snap')!.refusal!, /snapshot/);
  assert.match(volumes.get('vg-hand/pool')!.refusal!, /thin pool/);
  assert.match(volumes.get('vg-hand/thin')!.refusal!, /thin volume/);
  assert(!volumes.has('vg-hand/mirrored_rimage_0'));
  const second = await files.volumes({ sdb: paths[1]! });
  const half = second.find(({ address }) => address === 'vg-hand/mirrored')!;
  assert((await bytesOf(half)).equals(leg(1)));
});

test('of two descriptions the newer one is in force, and a damaged one is not believed', async () => {
  await using files = new DiskFiles();
  const { paths, lvm, devices } = makeDisks(files, 2);
  lvm.run('vgcreate', '-qq', '-s', '1m', 'vg', ...devices);
  const before = readFileSync(paths[1]!).subarray(0, mebi);
  lvm.run('lvcreate', '-qq', '-an', '-Zn', '-n', 'later', '-l', '1', 'vg');
  files.detach();
  write(paths[1]!, before);
  const isLater = async (): Promise<boolean> =>
    (await files.volumes(named(paths))).some(({ address }) => address === 'vg/later');
  assert.equal(await isLater(), true, 'the first disk has the newer description');
  const text = readFileSync(paths[0]!).subarray(0, mebi);
  const at = text.lastIndexOf('later {');
  text.write('lates', at, 'latin1');
  write(paths[0]!, text);
  assert.equal(await isLater(), false);
  const volumes = await files.volumes(named(paths));
  assert(!volumes.some(({ address }) => address === 'vg/lates'));
});

function write(path: string, bytes: Buffer): void {
  const file = openSync(path, 'r+');
  try {
    writeSync(file, bytes, 0, bytes.length, 0);
  } finally {
    closeSync(file);
  }
}
