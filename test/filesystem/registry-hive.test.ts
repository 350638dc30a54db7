import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { integerBelow, seededRandom } from '../../src/base/random.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { type DriveLetter, readDriveLetters } from '../../src/filesystem/drive-letters.ts';

const seed = Number(process.env['SEED'] ?? 20261125);

/** A hive that holds nothing but its root key; the real library writes the rest into it. */
function emptyHive(): Buffer {
  const hive = Buffer.alloc(8192);
  hive.write('regf', 0, 'latin1');
  hive.writeUInt32LE(1, 4);
  hive.writeUInt32LE(1, 8);
  hive.writeUInt32LE(1, 20);
  hive.writeUInt32LE(5, 24);
  hive.writeUInt32LE(1, 32);
  hive.writeUInt32LE(32, 36);
  hive.writeUInt32LE(4096, 40);
  hive.writeUInt32LE(1, 44);
  hive.write('hbin', 4096, 'latin1');
  hive.writeUInt32LE(4096, 4096 + 8);
  const key = 4096 + 32;
  hive.writeInt32LE(-96, key);
  hive.write('nk', key + 4, 'latin1');
  hive.writeUInt16LE(0x2c, key + 6);
  for (const at of [28, 32, 40, 44, 48]) hive.writeUInt32LE(0xffffffff, key + 4 + at);
  hive.writeUInt16LE(4, key + 4 + 72);
  hive.write('ROOT', key + 4 + 76, 'latin1');
  // Who may do what with the key: hivex gives the same to those it adds.
  const security = key + 96;
  hive.writeInt32LE(-48, security);
  hive.write('sk', security + 4, 'latin1');
  for (const at of [8, 12]) hive.writeUInt32LE(128, security + at);
  hive.writeUInt32LE(1, security + 16);
  hive.writeUInt32LE(20, security + 20);
  hive.writeUInt32LE(128, key + 4 + 44);
  hive.writeInt32LE(4096 - 32 - 96 - 48, security + 48);
  let sum = 0;
  for (let at = 0; at < 508; at += 4) sum ^= hive.readInt32LE(at);
  hive.writeInt32LE(sum, 508);
  return hive;
}

const bytes = (data: Buffer): string =>
  `hex:3:${[...data].map((byte) => byte.toString(16).padStart(2, '0')).join(',')}`;

/** A hive as hivex writes it: many keys, one of them with the letters. */
function hiveWithLetters(values: readonly (readonly [string, Buffer])[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'secondwind-hive-'));
  try {
    const path = join(folder, 'SYSTEM');
    writeFileSync(path, emptyHive());
    const others = Array.from({ length: 40 }, (_, number) => `add Other${number}`);
    const set = values.flatMap(([name, data]) => [name, bytes(data)]);
    const lines = [
      ...others,
      'add MountedDevices',
      'cd MountedDevices',
      `setval ${values.length}`,
      ...set,
      'commit',
      'exit',
    ];
    execFileSync('hivexsh', ['-w', path], {
      input: `${lines.join('\n')}\n`,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const mbr = Buffer.from('01eeffc0000010000000000000', 'hex').subarray(0, 12);
const guid = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
const hive = hiveWithLetters([
  ['\\DosDevices\\C:', mbr],
  ['\\DosDevices\\D:', Buffer.concat([Buffer.from('DMIO:ID:'), guid])],
  ['\\DosDevices\\E:', Buffer.from('_??_USBSTOR#Disk', 'utf16le')],
  ['\\??\\Volume{11111111-0000-0000-0000-100000000000}', mbr],
]);

function lettersOf(content: Buffer): Promise<readonly DriveLetter[]> {
  const disk = new MemoryDisk(content.length);
  disk.write(content, 0);
  return readDriveLetters(disk);
}

test('the letters that hivex wrote into a registry are read', async () => {
  const letters = await lettersOf(hive);
  assert.deepEqual(
    letters.toSorted((left, right) => (left.letter < right.letter ? -1 : 1)),
    [
      { letter: 'C:', by: 'offset', diskSignature: 'c0ffee01', offsetBytes: 2 ** 20 },
      { letter: 'D:', by: 'partition-uuid', value: '33221100-5544-7766-8899-aabbccddeeff' },
    ],
  );
});

test('what is no registry has no letters', async () => {
  for (const content of [
    Buffer.alloc(0),
    Buffer.alloc(100),
    Buffer.alloc(10_000, 0xff),
    emptyHive(),
  ]) {
    assert.deepEqual(await lettersOf(content), []);
  }
});

test(`a broken registry ends in an answer (seed ${seed})`, async () => {
  const random = seededRandom(seed);
  for (let round = 0; round < 500; round += 1) {
    const broken = Buffer.from(hive);
    for (let change = 0; change < 4; change += 1) {
      const at = 4096 + integerBelow(random, broken.length - 4100);
      broken.writeUInt32LE(random.uint32() % (change % 2 === 0 ? 2 ** 32 : 8192), at);
    }
    assert((await lettersOf(broken)).length <= 8);
  }
});
