import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { test } from 'node:test';
import { DiskFiles } from './disk-files.ts';

const mebi = 2 ** 20;
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
