import { strict as assert } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isSecondwindError } from '../../src/base/errors.ts';
import { silentLogger } from '../../src/base/log.ts';
import { happens, integerBelow, seededRandom } from '../../src/base/random.ts';
import { systemClock } from '../../src/base/system-clock.ts';
import {
  type ScanImageOptions,
  type ScanResult,
  scanImage,
} from '../../src/capture/scan/scan-image.ts';
import { BlockBitmap } from '../../src/disk/block-bitmap.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { ThreadPipeline } from '../../src/pipeline/thread-pipeline.ts';
import {
  createRepository,
  FolderIndexHome,
  openRepository,
  type Repository,
} from '../../src/repository/index.ts';
import { LocalStorage } from '../../src/storage/local-storage.ts';

const name = { machine: 'web1', disk: 'root' };
const mebibyte = 1024 * 1024;

async function withRepository(action: (repository: Repository) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'secondwind-scan-'));
  const pipeline = new ThreadPipeline(2);
  const storage = new LocalStorage(join(folder, 'store'));
  const secret = { kind: 'key-file' as const, secret: new Uint8Array(32).fill(9) };
  try {
    await createRepository({ storage, secret, clock: systemClock }, 'test');
    const indexHome = new FolderIndexHome(join(folder, 'index'));
    const log = silentLogger;
    const repository = await openRepository({
      storage,
      indexHome,
      pipeline,
      clock: systemClock,
      log,
      secret,
    });
    try {
      await action(repository);
    } finally {
      await repository.close();
    }
  } finally {
    await pipeline.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function scan(
  repository: Repository,
  disk: MemoryDisk,
  more: Partial<ScanImageOptions> = {},
): Promise<ScanResult> {
  return scanImage({
    disk,
    name,
    sink: repository,
    views: repository,
    clock: systemClock,
    ...more,
  });
}

async function contentOf(repository: Repository, atMicros: number): Promise<Buffer> {
  const view = await repository.openView(name, atMicros);
  const content = Buffer.alloc(view.sizeBytes);
  await view.read(content, 0);
  await view.close();
  return content;
}

function imageOf(disk: MemoryDisk): Buffer {
  const content = Buffer.alloc(disk.sizeBytes);
  disk.read(content, 0);
  return content;
}

/** Fills parts of a disk with data, some of which compresses and some of which repeats. */
function fill(disk: MemoryDisk, seed: number, share: number): void {
  const random = seededRandom(seed);
  for (let at = 0; at < disk.sizeBytes; at += 65_536) {
    if (!happens(random, share)) continue;
    const lengthBytes = Math.min(disk.sizeBytes - at, 4096 * (1 + integerBelow(random, 16)));
    const data = Buffer.alloc(lengthBytes, integerBelow(random, 256));
    const step = happens(random, 0.5) ? 7 : lengthBytes;
    for (let index = 0; index < lengthBytes; index += step) data[index] = integerBelow(random, 256);
    disk.write(data, at);
  }
}

test('every scan gives back the image as it stood, and stores only what differs', async () => {
  await withRepository(async (repository) => {
    const disk = new MemoryDisk(70 * mebibyte + 1000);
    const states: { timeMicros: number; content: Buffer }[] = [];
    for (let round = 0; round < 4; round++) {
      fill(disk, 40 + round, round === 0 ? 0.7 : 0.02);
      if (round === 2) disk.writeZeroes(5 * mebibyte, 3 * mebibyte);
      const { timeMicros, changedBytes } = await scan(repository, disk);
      states.push({ timeMicros, content: imageOf(disk) });
      if (round > 0) assert.ok(changedBytes < 12 * mebibyte, `round ${round}: ${changedBytes}`);
    }
    for (const { timeMicros, content } of states) {
      assert.ok(content.equals(await contentOf(repository, timeMicros)), 'a scanned state differs');
    }
  });
});

test('a scan of an unchanged image stores no block, and still makes a point', async () => {
  await withRepository(async (repository) => {
    const disk = new MemoryDisk(9 * mebibyte);
    fill(disk, 7, 0.5);
    const first = await scan(repository, disk);
    const second = await scan(repository, disk);
    assert.equal(second.changedBytes, 0);
    assert.equal(second.newBytes, 0);
    assert.ok(second.timeMicros > first.timeMicros);
    assert.equal(repository.disk(name).lastPointMicros, second.timeMicros);
  });
});

test('one changed block costs one block, wherever it lies', async () => {
  await withRepository(async (repository) => {
    const disk = new MemoryDisk(6 * mebibyte + 100);
    fill(disk, 11, 1);
    await scan(repository, disk);
    for (const offset of [0, 4096 * 77, 6 * mebibyte + 50]) {
      disk.write(Buffer.from('changed'), offset);
      assert.equal((await scan(repository, disk)).changedBytes, 4096, `at ${offset}`);
    }
    assert.ok(imageOf(disk).equals(await contentOf(repository, Number.MAX_SAFE_INTEGER - 1)));
  });
});

test('a scan that was interrupted goes on where it was, and until then nothing is called whole', async () => {
  await withRepository(async (repository) => {
    const disk = new MemoryDisk(130 * mebibyte);
    fill(disk, 5, 1);
    const stop = new AbortController();
    const progress = (done: number): void => {
      if (done > 100 * mebibyte) stop.abort(new Error('stopped'));
    };
    await assert.rejects(scan(repository, disk, { progress, signal: stop.signal }), /stopped/);
    await assert.rejects(repository.openView(name, Number.MAX_SAFE_INTEGER - 1), (error) =>
      isSecondwindError(error, 'NO_POINT_YET'),
    );
    const { changedBytes } = await scan(repository, disk);
    assert.ok(changedBytes < 80 * mebibyte, `${changedBytes} bytes were stored again`);
    assert.ok(imageOf(disk).equals(await contentOf(repository, Number.MAX_SAFE_INTEGER - 1)));
  });
});

test('an image that became larger or smaller keeps its history', async () => {
  await withRepository(async (repository) => {
    const sizes = [5 * mebibyte, 11 * mebibyte + 512, 3 * mebibyte + 4096];
    const states: { timeMicros: number; content: Buffer }[] = [];
    for (const [round, sizeBytes] of sizes.entries()) {
      const disk = new MemoryDisk(sizeBytes);
      fill(disk, 90 + round, 0.6);
      const { timeMicros } = await scan(repository, disk);
      states.push({ timeMicros, content: imageOf(disk) });
    }
    for (const { timeMicros, content } of states) {
      assert.ok(content.equals(await contentOf(repository, timeMicros)), `size ${content.length}`);
    }
  });
});

test('excluded blocks are not stored, become excluded only of an image at rest, and differ from whatever is found later', async () => {
  await withRepository(async (repository) => {
    const disk = new MemoryDisk(9 * mebibyte + 1000);
    disk.write(Buffer.alloc(disk.sizeBytes, 7), 0);
    const blocks = new BlockBitmap();
    blocks.add(10, 12);
    blocks.add(300, 1900);
    const scanExcluding = (isAtRest: boolean): Promise<ScanResult> =>
      scan(repository, disk, { exclusions: { blocks, isAtRest: async () => isAtRest } });
    const moved = await scanExcluding(false);
    assert(!moved.isExcluding);
    assert((await contentOf(repository, moved.timeMicros)).equals(imageOf(disk)));

    assert((await scanExcluding(true)).isExcluding);
    const expected = imageOf(disk)
      .fill(0, 10 * 4096, 12 * 4096)
      .fill(0, 300 * 4096, 1900 * 4096);
    const lean = await scanExcluding(true);
    assert.equal(lean.changedBytes, 0);
    assert((await contentOf(repository, lean.timeMicros)).equals(expected));
    assert((await contentOf(repository, moved.timeMicros)).equals(imageOf(disk)), 'the past stays');

    // Zeroes by now, so that nothing seems to differ: but it was not known.
    disk.write(Buffer.alloc(4096), 11 * 4096);
    blocks.remove(11, 400);
    const grown = await scanExcluding(true);
    assert.equal(grown.changedBytes, 101 * 4096);
    const view = await repository.openView(name, grown.timeMicros);
    assert.equal(view.firstExcluded?.(0, view.sizeBytes), 10 * 4096);
    assert.equal(view.firstExcluded?.(11 * 4096, 389 * 4096), undefined);
    assert.equal(view.firstExcluded?.(1000 * 4096 + 5, 1), 1000 * 4096 + 5);
    await view.close();
    assert((await scan(repository, disk)).changedBytes > 1400 * 4096);
    assert((await contentOf(repository, repository.lastMicros)).equals(imageOf(disk)));
  });
});
