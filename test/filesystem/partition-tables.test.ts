import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { test } from 'node:test';
import { integerBelow, oneOf, type Random, seededRandom } from '../../src/base/random.ts';
import { DiskFiles } from './disk-files.ts';

const mebi = 2 ** 20;
const seed = Number(process.env['SEED'] ?? 20261125);

interface Row {
  readonly number: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly uuid?: string;
  readonly name?: string;
}

/** What sfdisk finds in an image or on a device. */
function sfdiskRows(path: string): Row[] {
  const text = execFileSync('sfdisk', ['--json', path], { encoding: 'utf8' });
  const table = (JSON.parse(text) as { partitiontable: SfdiskTable }).partitiontable;
  return (table.partitions ?? [])
    .filter(({ type }) => !['5', 'f', '85'].includes(type))
    .map(({ node, start, size, uuid, name }) => ({
      number: Number(/\d+$/.exec(node)?.[0]),
      offsetBytes: start * table.sectorsize,
      sizeBytes: size * table.sectorsize,
      ...(uuid === undefined ? {} : { uuid: uuid.toLowerCase(), name: name ?? '' }),
    }))
    .toSorted((left, right) => left.number - right.number);
}

interface SfdiskTable {
  readonly sectorsize: number;
  readonly partitions?: readonly {
    readonly node: string;
    readonly start: number;
    readonly size: number;
    readonly type: string;
    readonly uuid?: string;
    readonly name?: string;
  }[];
}

async function ourRows(files: DiskFiles, path: string, hasNames: boolean): Promise<Row[]> {
  const volumes = await files.volumes({ sda: path });
  return volumes.map(({ address, spans, sizeBytes, partitionUuid, label }) => ({
    number: Number(address.slice('sda/'.length)),
    offsetBytes: spans[0]!.stripes[0]!.offsetBytes,
    sizeBytes,
    ...(hasNames ? { uuid: partitionUuid, name: label } : {}),
  }));
}

const gptTypes = [
  '0FC63DAF-8483-4772-8E79-3D69D8477DE4',
  'C12A7328-F81F-11D2-BA4B-00A0C93EC93B',
  'EBD0A0A2-B9E5-4433-87C0-68B6B72699C7',
];

/** Lines for sfdisk: a GPT with some of its numbers in use. */
function gptLines(random: Random): string[] {
  const lines = ['label: gpt'];
  for (let number = 1; number <= 12; number += 1) {
    if (integerBelow(random, 4) === 0) continue;
    const name = oneOf(random, ['', 'data', 'Größe €', '名前']);
    const size = `size=${1 + integerBelow(random, 4)}M`;
    lines.push(`${number} : ${size}, type=${oneOf(random, gptTypes)}, name="${name}"`);
  }
  return lines;
}

/** Writes a partition table with sfdisk. */
function sfdisk(path: string, lines: readonly string[]): void {
  const words = ['-q', '--no-reread', '--no-tell-kernel', '--wipe', 'never', path];
  execFileSync('sfdisk', words, { input: lines.join('\n'), stdio: ['pipe', 'ignore', 'pipe'] });
}

for (const sectorBytes of [512, 4096]) {
  test(`a GPT with sectors of ${sectorBytes} bytes reads as sfdisk reads it (seed ${seed})`, async () => {
    const random = seededRandom(seed + sectorBytes);
    for (let round = 0; round < 2; round += 1) {
      await using files = new DiskFiles();
      const path = files.make('gpt', 64 * mebi);
      const device = files.attach(path, sectorBytes);
      sfdisk(device, gptLines(random));
      const expected = sfdiskRows(device);
      files.detach();
      assert(expected.length > 0);
      assert.deepEqual(await ourRows(files, path, true), expected);
    }
  });
}

test(`an MBR with logical partitions reads as sfdisk reads it (seed ${seed})`, async () => {
  const random = seededRandom(seed);
  for (let round = 0; round < 3; round += 1) {
    await using files = new DiskFiles();
    const path = files.make('mbr', 96 * mebi);
    const logical = Array.from(
      { length: integerBelow(random, 9) },
      () => `size=${1 + integerBelow(random, 4)}M,type=${oneOf(random, ['83', '82', '8e', '7'])}`,
    );
    const lines = [
      'label: dos',
      'size=4M,type=c,bootable',
      'size=64M,type=f',
      'size=8M,type=83',
      ...logical,
    ];
    sfdisk(path, lines);
    const expected = sfdiskRows(path);
    assert.equal(expected.length, 2 + logical.length);
    assert.deepEqual(await ourRows(files, path, false), expected);
  }
});

test('sectors of 4096 bytes in an MBR are told by what the partitions hold', async () => {
  await using files = new DiskFiles();
  const path = files.make('mbr', 64 * mebi);
  const device = files.attach(path, 4096);
  const lines = ['label: dos', 'size=40M,type=5', 'size=8M,type=83', 'size=8M,type=83'];
  sfdisk(device, lines);
  const expected = sfdiskRows(device);
  files.detach();
  assert.deepEqual(await ourRows(files, path, false), expected);
});

test('a GPT whose first copy is broken is read from its end; without both nothing is made up', async () => {
  await using files = new DiskFiles();
  const path = files.make('gpt', 64 * mebi);
  sfdisk(path, ['label: gpt', 'size=4M', 'size=4M']);
  const whole = await files.volumes({ sda: path });
  damage(path, 512 + 60);
  const second = await files.volumes({ sda: path });
  assert.deepEqual(
    second.map(({ spans }) => spans),
    whole.map(({ spans }) => spans),
  );
  assert.match(second[0]!.notes[0]!, /checksum does not fit; the copy at its end/);
  damage(path, 64 * mebi - 512 + 60);
  const [disk, ...others] = await files.volumes({ sda: path });
  assert.equal(others.length, 0);
  assert.match(disk!.refusal!, /both copies of its partition table \(GPT\) are unusable/);
});

test('a broken array of entries sends to the other copy, too', async () => {
  await using files = new DiskFiles();
  const path = files.make('gpt', 64 * mebi);
  sfdisk(path, ['label: gpt', 'size=4M']);
  damage(path, 1024 + 40);
  const [volume] = await files.volumes({ sda: path });
  assert.equal(volume?.sizeBytes, 4 * mebi);
  assert.match(volume.notes[0]!, /checksum of its entries/);
});

test('a hybrid table is read as the GPT, and says so', async () => {
  await using files = new DiskFiles();
  const path = files.make('gpt', 64 * mebi);
  execFileSync('sgdisk', ['-n', '1:0:+4M', '-n', '2:0:+4M', '--hybrid=1:2', path], {
    stdio: 'ignore',
  });
  const volumes = await files.volumes({ sda: path });
  assert.deepEqual(
    volumes.map(({ address }) => address),
    ['sda/1', 'sda/2'],
  );
  assert.match(volumes[0]!.notes[0]!, /hybrid/);
});

/** Turns over the bits of one byte. */
function damage(path: string, offsetBytes: number): void {
  const file = openSync(path, 'r+');
  try {
    writeSync(file, Buffer.from([0xa5]), 0, 1, offsetBytes);
  } finally {
    closeSync(file);
  }
}

const sizeBytes = 16 * mebi;

interface Member {
  readonly level: number;
  readonly superblockSector: number;
  readonly dataSector: number;
}

/** A superblock of version 1: the kernel of a test machine need not know software RAID, so mdadm judges it instead. */
function superblock({ level, superblockSector, dataSector }: Member): Buffer {
  const bytes = Buffer.alloc(4096);
  bytes.writeUInt32LE(0xa92b4efc, 0);
  bytes.writeUInt32LE(1, 4);
  bytes.fill(7, 16, 32);
  bytes.writeInt32LE(level, 72);
  bytes.writeBigUInt64LE(20_000n, 80);
  bytes.writeUInt32LE(2, 92);
  bytes.writeBigUInt64LE(BigInt(dataSector), 128);
  bytes.writeBigUInt64LE(20_000n, 136);
  bytes.writeBigUInt64LE(BigInt(superblockSector), 144);
  bytes.writeBigUInt64LE(17n, 200);
  bytes.writeUInt32LE(2, 220);
  bytes.writeUInt16LE(1, 258);
  let sum = 0;
  for (let at = 0; at < 260; at += 4) sum += bytes.readUInt32LE(at);
  bytes.writeUInt32LE(((sum % 2 ** 32) + Math.floor(sum / 2 ** 32)) % 2 ** 32, 216);
  return bytes;
}

function make(files: DiskFiles, member: Member): string {
  const path = files.make(`md-${member.superblockSector}-${member.level}`, sizeBytes);
  const file = openSync(path, 'r+');
  try {
    const block = superblock(member);
    writeSync(file, block, 0, block.length, member.superblockSector * 512);
    writeSync(file, 'here it begins', member.dataSector * 512);
  } finally {
    closeSync(file);
  }
  return path;
}

const places = [
  { version: '1.0', superblockSector: sizeBytes / 512 - 16, dataSector: 0 },
  { version: '1.1', superblockSector: 0, dataSector: 2048 },
  { version: '1.2', superblockSector: 8, dataSector: 2048 },
];

for (const { version, ...place } of places) {
  test(`half of a mirror with a superblock of version ${version} is read by itself`, async () => {
    await using files = new DiskFiles();
    const path = make(files, { ...place, level: 1 });
    const examined = execFileSync('mdadm', ['--examine', path], { encoding: 'utf8' });
    assert.match(examined, new RegExp(`Version : ${version}`));
    assert.match(examined, /Checksum : \w+ - correct/);
    const [volume] = await files.volumes({ sda: path });
    assert.equal(volume!.refusal, undefined);
    assert.equal(volume!.sizeBytes, 20_000 * 512);
    const bytes = Buffer.alloc(14);
    await volume!.disk.read(bytes, 0);
    assert.equal(bytes.toString(), 'here it begins');
    assert.match(volume!.notes.join(), /one half of a mirror/);
  });

  test(`a part of RAID 5 with a superblock of version ${version} says that it is one`, async () => {
    await using files = new DiskFiles();
    const [volume] = await files.volumes({ sda: make(files, { ...place, level: 5 }) });
    assert.match(volume!.refusal!, /one part of RAID 5/);
  });
}
