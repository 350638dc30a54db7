import { systemClock } from '../../src/base/system-clock.ts';
import { NameIndex } from '../../src/content/name-index/name-index.ts';
import type { NameRecord } from '../../src/content/name-index/name-record.ts';
import { updateNames } from '../../src/content/name-index/update-names.ts';
import { openFileDisk } from '../../src/disk/file-disk.ts';
import type { ByteRange } from '../../src/filesystem/file-system.ts';
import { usualName } from '../data/many-files.ts';
import { SeededRandom } from '../data/seeded-random.ts';
import { withFileSystem } from './walk-image.ts';

/** The key is no secret: it only has to cost what a real one does. */
const key = new Uint8Array(96).fill(7);
const volume = { machine: 'bench', volume: 'disk' } as const;
const batchNames = 2000;
const filesPerFolder = 1000;

/**
 * Takes the names of an image into a new index, then those of a changed copy of it.
 * @param file - of the index
 * @param before - path of the image
 * @param after - path of the copy
 */
export async function updateIndex(file: string, before: string, after: string): Promise<unknown> {
  const changed = await differingRanges(before, after);
  return withIndex(file, async (index) => {
    const whole = await timed(index, before, { micros: 1, changed });
    const partial = await timed(index, after, { micros: 2, changed });
    return { whole, partial, rangeCount: changed.length };
  });
}

async function timed(
  index: NameIndex,
  image: string,
  { micros, changed }: { readonly micros: number; readonly changed: readonly ByteRange[] },
): Promise<unknown> {
  return withFileSystem(image, async (fileSystem) => {
    const start = performance.now();
    const named = { ...volume, fileSystem, micros, changedSince: () => Promise.resolve(changed) };
    const update = await updateNames(index, named, new AbortController().signal);
    return { ...update, seconds: (performance.now() - start) / 1000 };
  });
}

/** What the timeline would tell: spans of 4 KiB that differ. */
async function differingRanges(before: string, after: string): Promise<readonly ByteRange[]> {
  const [old, young] = await Promise.all(
    [before, after].map((path) => openFileDisk(path, { clock: systemClock, isReadOnly: true })),
  );
  const [mine, other] = [Buffer.alloc(4096), Buffer.alloc(4096)];
  const ranges: ByteRange[] = [];
  for (let offsetBytes = 0; offsetBytes < old!.sizeBytes; ) {
    const [extent] = young!.extents(offsetBytes, old!.sizeBytes - offsetBytes);
    if (extent?.isHole === true) {
      offsetBytes += extent.lengthBytes;
      continue;
    }
    await old!.read(mine, offsetBytes);
    await young!.read(other, offsetBytes);
    if (!mine.equals(other)) ranges.push({ offsetBytes, lengthBytes: mine.length });
    offsetBytes += mine.length;
  }
  await Promise.all([old!.close(), young!.close()]);
  return ranges;
}

/**
 * Fills a new index with names.
 * @param file - of the index
 * @param names - how many
 */
export async function fillIndex(file: string, names: string): Promise<unknown> {
  const start = performance.now();
  const random = new SeededRandom(17);
  await withIndex(file, async (index) => {
    const number = await index.call('volumeNumber', volume);
    const pass = { volume: number, micros: 1, isFirst: true };
    for (let first = 0; first < Number(names); first += batchNames) {
      const count = Math.min(batchNames, Number(names) - first);
      const batch = Array.from({ length: count }, (_, at) => recordOf(random, first + at));
      await index.call('meet', pass, batch);
    }
    await index.call('finish', pass, true);
  });
  return { seconds: (performance.now() - start) / 1000 };
}

function recordOf(random: SeededRandom, number: number): NameRecord {
  const parent = `d${Math.floor(number / filesPerFolder)}`;
  const name = usualName(random, number);
  return { name, id: `f${number}`, parent, kind: 'file', sizeBytes: number, modifiedMicros: 1 };
}

/**
 * Finds names in an index, each search by the same process.
 * @param file - of the index
 * @param patterns - with commas between
 * @returns for each pattern, milliseconds to the first answer and to the last of at most a thousand
 */
export async function searchIndex(file: string, patterns: string): Promise<unknown> {
  return withIndex(file, async (index) => {
    // The thread of the index runs in a server all the time.
    await index.call('volumes');
    const answers = [];
    for (const pattern of patterns.split(',')) answers.push(await search(index, pattern));
    return answers;
  });
}

const namesWanted = 1000;

async function search(index: NameIndex, pattern: string): Promise<unknown> {
  const start = performance.now();
  let firstMs: number | undefined;
  let count = 0;
  const asked = { pattern, machines: undefined, fromMicros: 0, toMicros: Number.MAX_SAFE_INTEGER };
  await index.find(asked, {
    limitMax: namesWanted,
    signal: new AbortController().signal,
    onFound: (names) => {
      firstMs ??= performance.now() - start;
      count += names.length;
    },
  });
  const lastMs = performance.now() - start;
  return { pattern, count, firstMs: firstMs ?? lastMs, lastMs };
}

async function withIndex<T>(file: string, use: (index: NameIndex) => Promise<T>): Promise<T> {
  const index = new NameIndex({ file, key });
  try {
    return await use(index);
  } finally {
    await index.close();
  }
}
