import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { analyseImages } from '../../src/analysis/analyse-images.ts';
import { regionBytes } from '../../src/base/limits.ts';
import { silentLogger } from '../../src/base/log.ts';
import { seededRandom } from '../../src/base/random.ts';
import { systemClock as clock } from '../../src/base/system-clock.ts';
import { InlinePipeline } from '../../src/pipeline/inline-pipeline.ts';
import { restoreDisk } from '../../src/recovery/restore/restore-disk.ts';
import {
  type BlockRun,
  createRepository,
  MemoryIndexHome,
  openRepository,
  type Repository,
} from '../../src/repository/index.ts';
import { LocalStorage } from '../../src/storage/local-storage.ts';
import { diskContent } from './disk-content.ts';
import { viewOf } from './memory-view.ts';
import { testFolder } from './test-folder.ts';

const { fresh } = testFolder();
const compressionLevel = 1;
const secret = { kind: 'key-file', secret: new Uint8Array(32).fill(7) } as const;
const name = { machine: 'web', disk: 'root' };

async function withRepository(use: (repository: Repository) => Promise<void>): Promise<void> {
  const storage = new LocalStorage(fresh());
  await createRepository({ storage, secret, clock }, 'test');
  const repository = await openRepository({
    storage,
    indexHome: new MemoryIndexHome(),
    pipeline: new InlinePipeline(),
    clock,
    log: silentLogger,
    secret,
    compressionLevel,
  });
  try {
    await use(repository);
  } finally {
    await repository.close();
  }
}

/** A full image in commits of 8 MiB, as a scan makes them. */
async function storeImage(repository: Repository, content: Buffer): Promise<void> {
  const commitBytes = 8 * regionBytes;
  for (let start = 0; start < content.length; start += commitBytes) {
    const end = Math.min(start + commitBytes, content.length);
    const runs: BlockRun[] = [];
    for (let at = start; at < end; at += regionBytes) {
      const data = new Uint8Array(new SharedArrayBuffer(Math.min(regionBytes, end - at)));
      data.set(content.subarray(at, at + data.length));
      runs.push({ firstBlock: at / 4096, blockCount: data.length / 4096, data });
    }
    const state = end === content.length ? 'whole' : 'filling';
    const disks = [{ disk: name.disk, sizeBytes: content.length, state, runs } as const];
    const timeMicros = clock.nowMicros();
    await repository.append({ machine: name.machine, timeMicros, consistency: 'fuzzy', disks });
  }
}

test('an analysis expects the store that a repository then makes, and the disk comes back from it', async () => {
  const half = diskContent(24 * regionBytes, 1);
  for (let at = 0; at < half.length / 3; at += 16) half.write(`line ${at}`.padEnd(15), at);
  const content = Buffer.concat([half, half.subarray(0, 10 * regionBytes)]);
  const expected = await analyseImages({
    disks: [{ name: 'image', disk: viewOf(content) }],
    pipeline: new InlinePipeline(),
    compressionLevel,
    random: seededRandom(1),
    clock,
  });
  await withRepository(async (repository) => {
    await storeImage(repository, content);
    const { storedBytes, uniqueBytes } = await repository.stats();
    const { dataBytes, recordBytes } = expected.store;
    const drift = (dataBytes + recordBytes) / storedBytes;
    assert.ok(drift > 0.98 && drift < 1.02, `expected ${drift} of what was stored`);
    assert.ok(Math.abs(expected.uniqueBytes / uniqueBytes - 1) < 0.01);
    const view = await repository.openView(name, clock.nowMicros());
    const path = fresh();
    await restoreDisk({ view, target: { path }, mode: 'whole', isVerified: true, clock });
    await view.close();
    assert.ok(readFileSync(path).equals(content));
  });
});
