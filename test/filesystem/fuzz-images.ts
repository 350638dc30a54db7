import assert from 'node:assert/strict';
import { isSecondwindError } from '../../src/base/errors.ts';
import { happens, integerBelow, oneOf, type Random, seededRandom } from '../../src/base/random.ts';
import type { DiskExtent, ReadableDisk } from '../../src/disk/disk.ts';
import type { ByteRange, FileSystem, FileSystemReader } from '../../src/filesystem/file-system.ts';

/** A sound image, and where to break it. */
export interface ImageFuzz {
  readonly reader: FileSystemReader;
  /** The sound image, read into memory; small. */
  readonly image: Buffer;
  /** Where structures lie, bytes: most mutations go there. */
  readonly structures: readonly ByteRange[];
  /**
   * Makes the checksums of the broken image right, in place, as an attacker would, so that what lies behind them is reached.
   * @param changed - where it was broken, bytes
   */
  readonly repair?: (image: Buffer, changed: readonly number[]) => void;
}

/** How many broken images, and which. */
export interface ImageFuzzOptions {
  readonly seed: number;
  readonly cases: number;
  /** Number of the first one, to repeat one of them. */
  readonly first?: number;
}

/** What became of them. */
export interface ImageFuzzReport {
  /** Opened at all. */
  opened: number;
  /** Walked and read without anything found. */
  unnoticed: number;
  /** Something was found or refused. */
  refused: number;
  slowestMs: number;
}

const slowMsMax = 1000;
const allocationBytesMax = 256 * 1024 * 1024;
const filesMax = 200;
const contentBytesMax = 1024 * 1024;
const extremes = [
  0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
];

/**
 * Breaks an image in a few places, reads all of it, and puts it right again, many times. Any error but the ones that a reader may
 * throw, more than a second of processor time or 256 MiB of memory fails, with how to repeat it.
 * @param fuzz - the image
 * @param options - how many
 */
export async function fuzzImage(
  fuzz: ImageFuzz,
  options: ImageFuzzOptions,
): Promise<ImageFuzzReport> {
  const report = { opened: 0, unnoticed: 0, refused: 0, slowestMs: 0 };
  const image = Buffer.from(fuzz.image);
  const first = options.first ?? 0;
  for (let index = first; index < first + options.cases; index += 1) {
    const random = seededRandom(options.seed + (index % 2 ** 20) * 2 ** 32);
    const changed = breakImage(random, image, fuzz.structures);
    if (happens(random, 0.8)) fuzz.repair?.(image, changed);
    await readBroken(fuzz.reader, image, report, `seed ${options.seed}, case ${index}`);
    fuzz.image.copy(image);
  }
  return report;
}

/** Every way a reader may be used, as far as a damaged image lets it. */
async function readBroken(
  reader: FileSystemReader,
  image: Buffer,
  report: ImageFuzzReport,
  which: string,
): Promise<void> {
  const begin = process.cpuUsage();
  const memoryBefore = memoryBytes();
  let findings = 0;
  try {
    const fileSystem = await reader.open(diskOf(image));
    report.opened += 1;
    findings = await useAll(fileSystem, which);
    await fileSystem.close();
  } catch (error) {
    assertTheirs(error, which);
    findings += 1;
  }
  const { user, system } = process.cpuUsage(begin);
  const tookMs = (user + system) / 1000;
  report.slowestMs = Math.max(report.slowestMs, tookMs);
  report[findings === 0 ? 'unnoticed' : 'refused'] += 1;
  assert(tookMs <= slowMsMax, `it took ${tookMs} ms of processor time; ${which}`);
  const allocated = memoryBytes() - memoryBefore;
  assert(allocated <= allocationBytesMax, `${allocated} bytes were allocated; ${which}`);
}

async function useAll(fileSystem: FileSystem, which: string): Promise<number> {
  let findings = 0;
  const attempt = async (action: () => Promise<unknown>): Promise<void> => {
    try {
      await action();
    } catch (error) {
      assertTheirs(error, which);
      findings += 1;
    }
  };
  const ids: string[] = [fileSystem.root];
  await attempt(async () => {
    for await (const batch of fileSystem.walk(() => (findings += 1))) {
      for (const { status } of batch) if (ids.length < filesMax) ids.push(status.id);
    }
  });
  for (const id of ids) await useFile(fileSystem, id, attempt);
  await attempt(() => drain(fileSystem.allocated()));
  await attempt(() => drain(fileSystem.owners()));
  for await (const finding of fileSystem.check()) findings += finding.severity === 'damage' ? 1 : 0;
  return findings;
}

async function useFile(
  fileSystem: FileSystem,
  id: string,
  attempt: (action: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  await attempt(async () => fileSystem.status(id));
  await attempt(() => drain(fileSystem.list(id)));
  await attempt(async () => fileSystem.find(id, 'some name'));
  await attempt(async () => fileSystem.readLink(id));
  await attempt(async () => fileSystem.attributes(id));
  await attempt(async () => fileSystem.ranges(id));
  await attempt(async () => {
    for (const { name } of await fileSystem.streams(id)) await readSome(fileSystem, id, name);
  });
  await attempt(() => readSome(fileSystem, id));
}

async function readSome(fileSystem: FileSystem, id: string, stream?: string): Promise<void> {
  const content = await fileSystem.open(id, stream);
  const length = Math.min(content.sizeBytes, contentBytesMax);
  await content.read(Buffer.alloc(length), 0);
  if (length > 0) await content.extents(0, length);
  if (content.sizeBytes > length) await content.read(Buffer.alloc(1), content.sizeBytes - 1);
  await content.close();
}

async function drain(batches: AsyncIterable<unknown>): Promise<void> {
  for await (const batch of batches) assert(batch !== undefined);
}

function assertTheirs(error: unknown, which: string): void {
  const isTheirs = isSecondwindError(error) && error.code !== 'INTERNAL';
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  assert(isTheirs, `${text}\n${which}`);
}

/** @returns where it was broken */
function breakImage(random: Random, image: Buffer, structures: readonly ByteRange[]): number[] {
  const count = 1 + integerBelow(random, 4);
  return Array.from({ length: count }, () => {
    const at = place(random, image, structures);
    const width = oneOf(random, [1, 2, 4]);
    if (happens(random, 0.4)) image[at]! ^= 1 << integerBelow(random, 8);
    else if (at + 4 <= image.length) {
      const value = happens(random, 0.5) ? oneOf(random, extremes) : random.uint32();
      if (happens(random, 0.7)) image.writeUIntLE(value % 2 ** (8 * width), at, width);
      else image.writeUIntBE(value % 2 ** (8 * width), at, width);
    }
    return at;
  });
}

function place(random: Random, image: Buffer, structures: readonly ByteRange[]): number {
  if (structures.length === 0 || happens(random, 0.1)) return integerBelow(random, image.length);
  const { offsetBytes, lengthBytes } = oneOf(random, structures);
  return Math.min(offsetBytes + integerBelow(random, lengthBytes), image.length - 1);
}

function diskOf(image: Buffer): ReadableDisk {
  return {
    sizeBytes: image.length,
    read: (target, offsetBytes) => {
      assert(offsetBytes >= 0 && offsetBytes + target.length <= image.length, 'reads inside');
      image.copy(target, 0, offsetBytes, offsetBytes + target.length);
    },
    extents: (_, lengthBytes): DiskExtent[] => [{ lengthBytes, isHole: false }],
    close: () => Promise.resolve(),
  };
}

function memoryBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
