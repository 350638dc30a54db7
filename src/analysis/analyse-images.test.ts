import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { diskContent } from '../../test/recovery/disk-content.ts';
import { viewOf } from '../../test/recovery/memory-view.ts';
import { isSecondwindError } from '../base/errors.ts';
import { seededRandom } from '../base/random.ts';
import { systemClock as clock } from '../base/system-clock.ts';
import type { ReadableDisk } from '../disk/disk.ts';
import { MemoryDisk } from '../disk/memory-disk.ts';
import { InlinePipeline } from '../pipeline/inline-pipeline.ts';
import { ThreadPipeline } from '../pipeline/thread-pipeline.ts';
import { type AnalysisOptions, analyseImages } from './analyse-images.ts';
import type { AnalysisResult } from './analysis-result.ts';
import { renderAnalysis } from './render-analysis.ts';

const megabyte = 2 ** 20;

function analyse(
  disks: readonly ReadableDisk[],
  more: Partial<AnalysisOptions> = {},
): Promise<AnalysisResult> {
  return analyseImages({
    disks: disks.map((disk, index) => ({ name: `image-${index}`, disk })),
    pipeline: new InlinePipeline(),
    compressionLevel: 1,
    random: seededRandom(1),
    clock,
    ...more,
  });
}

function randomBytes(sizeBytes: number, seed: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  seededRandom(seed).fill(bytes);
  return bytes;
}

describe('an analysis', () => {
  test('counts zeroes, holes and data of images of any size exactly', async () => {
    for (const size of [0, 1, 4096, 300_001, 9 * megabyte + 512]) {
      const content = diskContent(size, size + 3);
      let zeroes = 0;
      for (let at = 0; at < size; at += 4096) {
        const block = content.subarray(at, at + 4096);
        if (block.every((byte) => byte === 0)) zeroes += block.length;
      }
      const result = await analyse([viewOf(content)]);
      assert.equal(result.logicalBytes, size);
      assert.equal(result.zeroBytes, zeroes);
      assert.equal(result.disks[0]?.zeroBytes, zeroes);
    }
  });

  test('finds the same files at other places of two images', async () => {
    const files = randomBytes(8 * megabyte, 1);
    const first = viewOf(files);
    const second = viewOf(Buffer.concat([randomBytes(20_480, 2), files]));
    const result = await analyse([first, second]);
    // At the border of every region of either image a chunk or two are cut that the other one does not have.
    assert.ok(result.deduplicationRatio > 1.8 && result.deduplicationRatio <= 2.01);
    const twice = result.duplicates.find(({ toCount }) => toCount === 2);
    assert.ok(twice !== undefined && twice.savedBytes > 7 * megabyte);
    const saved = result.duplicates.reduce((sum, { savedBytes }) => sum + savedBytes, 0);
    assert.equal(result.uniqueBytes + saved, 16 * megabyte + 20_480);
  });

  test('compresses what can be compressed, and stores the rest as it is', async () => {
    const text = Buffer.alloc(4 * megabyte);
    for (let at = 0; at < text.length; at += 16) text.write(`line ${at}`.padEnd(15), at);
    const readable = await analyse([viewOf(text)]);
    assert.ok(readable.compressionRatio > 3, `ratio ${readable.compressionRatio}`);
    const random = await analyse([viewOf(randomBytes(4 * megabyte, 3))]);
    assert.ok(random.compressionRatio > 0.97 && random.compressionRatio <= 1);
    assert.ok(random.store.totalBytes > 4 * megabyte);
  });

  test('says the same, nearly, from a sample', async () => {
    const disk = viewOf(diskContent(64 * megabyte, 4));
    const all = await analyse([disk]);
    const sample = await analyse([disk], { compressedShare: 0.25, nameBytesMax: 13 * 512 });
    assert.equal(all.namesCountedOneIn, 1);
    assert.equal(all.compressedShare, 1);
    assert.ok(sample.namesCountedOneIn > 1);
    assert.ok(sample.compressedShare < 0.9);
    const drift = sample.store.totalBytes / all.store.totalBytes;
    assert.ok(drift > 0.8 && drift < 1.2, `drift ${drift}`);
    assert.equal(sample.chunkCount, all.chunkCount);
  });

  test('does in threads what it does alone', async () => {
    const disk = viewOf(diskContent(24 * megabyte, 5));
    const pipeline = new ThreadPipeline(2);
    try {
      const threaded = await analyse([disk, disk], { pipeline });
      const alone = await analyse([disk, disk]);
      assert.equal(threaded.uniqueBytes, alone.uniqueBytes);
      assert.deepEqual(threaded.duplicates, alone.duplicates);
    } finally {
      await pipeline.close();
    }
  });

  test('costs nothing for holes', async () => {
    const disk = new MemoryDisk(2 ** 40);
    disk.read = () => assert.fail('a hole was read');
    const result = await analyse([disk]);
    assert.equal(result.zeroBytes, 2 ** 40);
    assert.equal(result.deduplicationRatio, 1);
  });

  test('ends when it is told to, and when an image cannot be read', async () => {
    const signal = AbortSignal.abort();
    const disk = viewOf(randomBytes(megabyte, 6));
    await assert.rejects(analyse([disk], { signal }), (error) =>
      isSecondwindError(error, 'INTERRUPTED'),
    );
    disk.read = () => {
      throw new Error('a bad sector');
    };
    await assert.rejects(analyse([disk]), /a bad sector/);
  });
});

test('a rendered analysis names every image and the store to expect', async () => {
  const disks = [viewOf(diskContent(5 * megabyte, 7)), viewOf(diskContent(5 * megabyte, 7))];
  const result = await analyse(disks, { compressedShare: 0.2 });
  const text = renderAnalysis({ ...result, elapsedMs: 1000, namesCountedOneIn: 2 });
  assert.match(text, /^image +size +zeroes\nimage-0 +5 MiB +\d+ %\nimage-1 +5 MiB/);
  assert.match(text, /\nstore to expect +[\d.]+ MiB +÷ [\d.]+\n/);
  assert.match(text, /\n2 times +\d+ +[\d.]+ MiB\n/);
  assert.match(text, /one in 2 and scaled up/);
  assert.ok(text.split('\n').every((line) => line === line.trimEnd()));
});
