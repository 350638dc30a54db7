import { strict as assert } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Micros } from '../../src/base/clock.ts';
import { silentLogger } from '../../src/base/log.ts';
import { systemClock } from '../../src/base/system-clock.ts';
import { MachineCapture } from '../../src/capture/machine-capture.ts';
import { openRandomFile } from '../../src/capture/random-file.ts';
import type { TapDisk } from '../../src/capture/tap/tap-disk.ts';
import { createFileDisk, openFileDisk } from '../../src/disk/file-disk.ts';
import { ThreadPipeline } from '../../src/pipeline/thread-pipeline.ts';
import {
  createRepository,
  FolderIndexHome,
  openRepository,
  type Repository,
} from '../../src/repository/index.ts';
import { LocalStorage } from '../../src/storage/local-storage.ts';
import { firstDifference, machine, pickSeed, randomOf } from './rig.ts';

const mebibyte = 1024 * 1024;
const diskBytes = 24 * mebibyte + 1536;
const seed = pickSeed();

interface World {
  readonly folder: string;
  readonly repository: Repository;
}

async function withWorld(action: (world: World) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'secondwind-tap-'));
  const pipeline = new ThreadPipeline(2);
  const storage = new LocalStorage(join(folder, 'store'));
  const secret = { kind: 'key-file' as const, secret: new Uint8Array(32).fill(9) };
  const clock = systemClock;
  try {
    await createRepository({ storage, secret, clock }, 'test');
    const indexHome = new FolderIndexHome(join(folder, 'index'));
    const log = silentLogger;
    const repository = await openRepository({ storage, indexHome, pipeline, clock, log, secret });
    try {
      await action({ folder, repository });
    } finally {
      await repository.close();
    }
  } finally {
    await pipeline.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function startTap(world: World): Promise<{ capture: MachineCapture; tap: TapDisk }> {
  const { folder, repository } = world;
  const clock = systemClock;
  const capture = new MachineCapture({
    ...{ machine, sink: repository, views: repository, comparers: repository, clock },
    windowMs: 50,
  });
  const tap = await capture.addDisk({
    disk: 'a',
    backing: await openFileDisk(join(folder, 'image'), { clock }),
    intentFile: await openRandomFile(join(folder, 'map')),
  });
  while (capture.status.state !== 'protecting') await clock.sleep(5);
  return { capture, tap };
}

async function contentAt(world: World, atMicros: Micros): Promise<Buffer> {
  const view = await world.repository.openView({ machine, disk: 'a' }, atMicros);
  const content = Buffer.alloc(view.sizeBytes);
  await view.read(content, 0);
  await view.close();
  return content;
}

async function change(tap: TapDisk, model: Buffer, random: (below: number) => number) {
  for (let i = 0; i < 60; i++) {
    const lengthBytes = 1 + random(random(4) === 0 ? 200_000 : 9000);
    const offsetBytes = random(diskBytes - lengthBytes);
    if (random(5) === 0) {
      model.fill(0, offsetBytes, offsetBytes + lengthBytes);
      await tap.trim(offsetBytes, lengthBytes);
    } else {
      const data = Buffer.alloc(lengthBytes, 1 + random(255));
      data.copy(model, offsetBytes);
      await tap.write(data, offsetBytes);
    }
  }
}

test(`a tap on the real repository gives back every bookmark, through pauses and kills (SEED=${seed})`, async () => {
  const random = randomOf(seed);
  await withWorld(async (world) => {
    const { folder } = world;
    await (await createFileDisk(join(folder, 'image'), diskBytes, { clock: systemClock })).close();
    const model = Buffer.alloc(diskBytes);
    const points: { timeMicros: Micros; content: Buffer }[] = [];
    for (let life = 0; life < 3; life++) {
      const { capture, tap } = await startTap(world);
      for (let i = 0; i < 3; i++) {
        await change(tap, model, random);
        const notes = [{ kind: 'bookmark', text: `${life}-${i}` } as const];
        const { timeMicros } = await capture.cutNow({ notes });
        points.push({ timeMicros, content: Buffer.from(model) });
      }
      capture.pauseDisk('a');
      await change(tap, model, random);
      if (life === 0) {
        capture.resumeDisk('a');
        while (capture.status.state !== 'protecting') await systemClock.sleep(5);
        assert.equal(firstDifference(await contentAt(world, Number.MAX_SAFE_INTEGER), model), -1);
      }
      // A capture that is closed while a disk is paused leaves what a kill leaves: marked extents.
      await capture.close();
    }
    const { capture } = await startTap(world);
    const { timeMicros } = await capture.cutNow();
    points.push({ timeMicros, content: model });
    for (const point of points) {
      const stored = await contentAt(world, point.timeMicros);
      assert.equal(firstDifference(stored, point.content), -1, `at ${point.timeMicros}`);
    }
    const query = { machine, disk: 'a', limit: 10_000 };
    const { gaps } = world.repository.timeline(query);
    assert.equal(gaps.length, 4, 'the first image, a pause that was resumed, two that were not');
    await capture.close();
  });
});
