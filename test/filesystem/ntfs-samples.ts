import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { tool } from '../nbd/served.ts';
import { DiskImage } from './disk-image.ts';
import { compressAsWof, type WofAlgorithm, wofAlgorithms, wofReparsePoint } from './wof-streams.ts';

const mebibyte = 2 ** 20;

/** Programs are the texture that LZX treats in its own way; every machine that runs the tests has this one. */
const program = '/usr/bin/qemu-img';

/** Clusters of the fragmented file: more runs than one record, or one list of records, has room for. */
export const fragmentCount: number = 3000;
const clusterBytes = 512;

/**
 * A volume with one of everything that ntfs-3g can make, and of what it only keeps: what Windows would have made.
 * @returns the image; whoever calls removes it
 */
export async function makeSpecialVolume(): Promise<DiskImage> {
  const words = ['-F', '-Q', '-q', '-C', '-c', String(clusterBytes), '-L', 'Spezial 日本'];
  const image = await DiskImage.make(48 * mebibyte, ['mkntfs', ...words]);
  await image.mounted(
    ['-t', 'ntfs-3g', '-o', 'special_files=wsl,nocompression'],
    async (folder) => {
      makeFragments(join(folder, 'fragments'));
      await makeLinuxFiles(folder);
      await makeReparsePoints(folder);
      await makeShortName(folder);
    },
  );
  await image.mounted(['-t', 'ntfs-3g', '-o', 'compression'], (folder) => makeCompressed(folder));
  await image.mounted(['-t', 'ntfs-3g', '-o', 'streams_interface=windows'], (folder) =>
    makeWofFiles(folder, wofContents(), wofAlgorithms),
  );
  return image;
}

function makeFragments(path: string): void {
  const file = openSync(path, 'w');
  const cluster = Buffer.alloc(clusterBytes);
  for (let index = 0; index < fragmentCount; index += 1) {
    cluster.fill(index % 251);
    writeSync(file, cluster, 0, cluster.length, index * 2 * clusterBytes);
  }
  closeSync(file);
}

async function makeLinuxFiles(folder: string): Promise<void> {
  symlinkSync('target/with/ü', join(folder, 'linux-link'));
  symlinkSync('long/'.repeat(300), join(folder, 'long-link'));
  await tool('mkfifo', join(folder, 'pipe'));
  await tool('mknod', join(folder, 'character'), 'c', '259', '70000');
  await tool('mknod', join(folder, 'block'), 'b', '8', '1');
}

/** A symbolic link, a junction, a cloud file and a deduplicated one, as Windows writes them. */
async function makeReparsePoints(folder: string): Promise<void> {
  const junction = linkPoint(0xa000_0003, '\\??\\C:\\Users\\All', 'C:\\Users\\All');
  mkdirSync(join(folder, 'junction'));
  await setAttribute(join(folder, 'junction'), 'system.ntfs_reparse_data', junction);
  const link = linkPoint(0xa000_000c, '..\\else\\ü.txt', '..\\else\\ü.txt');
  writeFileSync(join(folder, 'windows-link'), '');
  await setAttribute(join(folder, 'windows-link'), 'system.ntfs_reparse_data', link);
  for (const [name, tag] of [
    ['cloud', 0x9000_101a],
    ['deduplicated', 0x8000_0013],
  ] as const) {
    const point = Buffer.alloc(16);
    point.writeUInt32LE(tag, 0);
    point.writeUInt16LE(8, 4);
    writeFileSync(join(folder, name), 'what is here');
    await setAttribute(join(folder, name), 'system.ntfs_reparse_data', point);
  }
}

function linkPoint(tag: number, target: string, shown: string): Buffer {
  const texts = Buffer.from(target + shown, 'utf16le');
  const header = Buffer.alloc(tag === 0xa000_000c ? 20 : 16);
  header.writeUInt32LE(tag, 0);
  header.writeUInt16LE(header.length - 8 + texts.length, 4);
  header.writeUInt16LE(2 * target.length, 10);
  header.writeUInt16LE(2 * target.length, 12);
  header.writeUInt16LE(2 * shown.length, 14);
  return Buffer.concat([header, texts]);
}

async function makeShortName(folder: string): Promise<void> {
  const path = join(folder, 'a long name.document');
  writeFileSync(path, 'content');
  await setAttribute(path, 'system.ntfs_dos_name', Buffer.from('ALONGN~1.DOC'));
  await setAttribute(path, 'user.Zone.Identifier', Buffer.from('[ZoneTransfer]'));
  await setAttribute(path, 'user.big', Buffer.alloc(30_000, 'stream'));
}

async function setAttribute(path: string, name: string, value: Buffer): Promise<void> {
  await tool('setfattr', '-h', '-n', name, '-v', `0x${value.toString('hex')}`, path);
}

function makeCompressed(folder: string): void {
  const packed = join(folder, 'packed');
  mkdirSync(packed);
  writeFileSync(join(packed, 'text'), 'a line that returns\n'.repeat(20_000));
  writeFileSync(join(packed, 'program'), readFileSync(program).subarray(0, 500_000));
  const file = openSync(join(packed, 'holes'), 'w');
  writeSync(file, Buffer.alloc(10_000, 'abc'), 0, 10_000, 0);
  writeSync(file, Buffer.alloc(10_000, 'xyz'), 0, 10_000, 300_000);
  ftruncateSync(file, 1_000_000);
  closeSync(file);
}

/** Content of a WOF file, by its name, as it was before it was compressed. */
export function wofContents(): ReadonlyMap<string, Buffer> {
  const code = readFileSync(program);
  const lines = Array.from({ length: 30_000 }, (_, line) => `line ${line}\n`).join('');
  return new Map([
    ['program', code.subarray(0, 700_001)],
    ['lines', Buffer.from(lines)],
    ['one-chunk', Buffer.from(lines.slice(0, 4096))],
    // Calls everywhere, also where LZX must leave them alone.
    ['calls', Buffer.alloc(100_000, Buffer.from([0xe8, 0x10, 0x20, 0x00, 0x00, 0x90, 0xe8]))],
  ]);
}

async function makeWofFiles(
  folder: string,
  contents: ReadonlyMap<string, Buffer>,
  algorithms: readonly WofAlgorithm[],
): Promise<void> {
  const originals = join(folder, '..', 'originals');
  mkdirSync(originals);
  for (const [name, content] of contents) writeFileSync(join(originals, name), content);
  for (const algorithm of algorithms) {
    for (const [name, stream] of await compressAsWof(originals, algorithm)) {
      const path = join(folder, `wof-${algorithm.number}-${name}`);
      writeFileSync(path, '');
      truncateSync(path, contents.get(name)!.length);
      writeFileSync(`${path}:WofCompressedData`, stream);
      await setAttribute(path, 'system.ntfs_reparse_data', wofReparsePoint(algorithm));
    }
  }
}

/**
 * A volume of 2 MiB with a little of everything, to be broken.
 * @returns the image; whoever calls removes it
 */
export async function makeFuzzVolume(): Promise<DiskImage> {
  const image = await DiskImage.make(2 * mebibyte, ['mkntfs', '-F', '-Q', '-q', '-C', '-c', '512']);
  await image.mounted(['-t', 'ntfs-3g', '-o', 'special_files=wsl'], async (folder) => {
    await makeReparsePoints(folder);
    await makeShortName(folder);
    symlinkSync('target', join(folder, 'link'));
    mkdirSync(join(folder, 'full'));
    for (let index = 0; index < 40; index += 1) {
      writeFileSync(join(folder, 'full', `file number ${index}`), `content ${index}`);
    }
    writeFileSync(join(folder, 'text'), 'a line that returns\n'.repeat(5000));
    const file = openSync(join(folder, 'fragments'), 'w');
    for (let index = 0; index < 300; index += 1) writeSync(file, 'x', 16_384 * index);
    closeSync(file);
  });
  const lines = new Map([['lines', wofContents().get('lines')!.subarray(0, 70_000)]]);
  await image.mounted(['-t', 'ntfs-3g', '-o', 'streams_interface=windows'], (folder) =>
    makeWofFiles(folder, lines, wofAlgorithms.slice(0, 2)),
  );
  return image;
}
