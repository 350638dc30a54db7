import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { silentLogger } from '../../src/base/log.ts';
import { integerBelow, type Random, seededRandom } from '../../src/base/random.ts';
import { InlinePipeline } from '../../src/pipeline/inline-pipeline.ts';
import { FolderIndexHome, openRepository, type Repository } from '../../src/repository/index.ts';
import { LocalStorage } from '../../src/storage/local-storage.ts';
import { notedIn } from './cut-states.ts';
import { emptyRepository, RepositoryRig, secret } from './repository-rig.ts';
import { verifyMachine } from './verify-history.ts';
import { append } from './workloads.ts';

const share = Number(process.env['SECONDWIND_DAMAGE_SHARE'] ?? 1);
const firstSeed = Number(process.env['SEED'] ?? 1);
const dataFile = 'index/0001/data.mdb';
const sealFile = 'index/0001/seal.json';

let folder = '';
let rig: RepositoryRig;

/** Opens a store in a folder, with real files and a real index. */
async function openIn(place: string): Promise<Repository> {
  return openRepository({
    storage: new LocalStorage(join(place, 'store')),
    indexHome: new FolderIndexHome(join(place, 'index')),
    pipeline: new InlinePipeline(),
    clock: rig.clock,
    log: silentLogger,
    secret,
  });
}

/** Every commit is there, byte for byte, whatever became of the index. */
async function verify(repository: Repository): Promise<void> {
  const { tried, stored } = notedIn(rig.storage.steps);
  for (const [machine, ids] of tried) {
    const found = await verifyMachine(repository, rig.model, { machine, tried: ids, stored });
    assert.deepEqual(found, ids);
  }
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secondwind-index-'));
  rig = new RepositoryRig(await emptyRepository(), {});
  const random = seededRandom(3);
  await rig.open();
  for (let number = 0; number < 4; number++) await append(rig, random, { machine: 'a' });
  await keep('earlier');
  for (let number = 0; number < 4; number++) await append(rig, random, { machine: 'b' });
  await keep('sound');
});

after(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Puts the store as it is now into a folder, with an index that was closed in order. */
async function keep(name: string): Promise<void> {
  for (const [path, bytes] of rig.storage.files) {
    await new LocalStorage(join(folder, name, 'store')).put(path, bytes);
  }
  await (await openIn(join(folder, name))).close();
}

/** Ways to damage an index that was closed in order. */
const damages: Readonly<
  Record<string, { count: number; damage: (place: string, random: Random) => Promise<void> }>
> = {
  'a flipped bit in the data': {
    count: 40,
    damage: (place, random) => flip(join(place, dataFile), random),
  },
  'a flipped bit in the seal': {
    count: 20,
    damage: (place, random) => flip(join(place, sealFile), random),
  },
  'cut short': {
    count: 10,
    damage: async (place, random) => {
      const { length } = await readFile(join(place, dataFile));
      await truncate(join(place, dataFile), integerBelow(random, length));
    },
  },
  'an old copy of the data': {
    count: 1,
    damage: (place) => cp(join(folder, 'earlier', dataFile), join(place, dataFile)),
  },
  'an old copy of everything': {
    count: 1,
    damage: (place) =>
      cp(join(folder, 'earlier', 'index'), join(place, 'index'), { recursive: true }),
  },
  'the seal lost': { count: 1, damage: (place) => rm(join(place, sealFile)) },
  'the data lost': { count: 1, damage: (place) => rm(join(place, dataFile)) },
  'all of it lost': { count: 1, damage: (place) => rm(join(place, 'index'), { recursive: true }) },
};

describe('an index is found damaged and built anew, and every point reads as before', () => {
  for (const [name, { count, damage }] of Object.entries(damages)) {
    test(name, async () => {
      for (let seed = firstSeed; seed < firstSeed + Math.ceil(count * share); seed++) {
        const place = join(folder, 'damaged');
        await cp(join(folder, 'sound'), place, { recursive: true });
        await damage(place, seededRandom(seed));
        let repository = await openIn(place);
        await verify(repository);
        await repository.close();
        repository = await openIn(place);
        await verify(repository);
        await repository.close();
        await rm(place, { recursive: true });
      }
    });
  }
});

async function flip(file: string, random: Random): Promise<void> {
  const bytes = await readFile(file);
  bytes[integerBelow(random, bytes.length)]! ^= 1 << integerBelow(random, 8);
  await writeFile(file, bytes);
}
