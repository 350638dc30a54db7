import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '../../src/base/random.ts';
import {
  type DamagedStore,
  type DamageKind,
  damage,
  indexOfStore,
  type SoundStore,
  soundStore,
} from './damaged-store.ts';
import { changedFiles, protectedRanges } from './protected-bytes.ts';
import { assertGoesOn, assertNamed, readDamaged } from './survive-damage.ts';

const share = Number(process.env['SECONDWIND_DAMAGE_SHARE'] ?? 1);
const firstSeed = Number(process.env['SEED'] ?? 1);

/** Cases with the index as it was, and with the index lost. */
const counts: Readonly<Record<DamageKind, readonly [kept: number, lost: number]>> = {
  flip: [450, 125],
  'flip in a header': [400, 125],
  truncate: [80, 40],
  zero: [80, 40],
  'move an entry': [80, 40],
  'swap files': [40, 40],
  'stale copy': [20, 20],
  'lose a file': [20, 20],
};

describe('damage is found, named, and never shown as content', () => {
  for (const [kind, [kept, lost]] of Object.entries(counts) as [
    DamageKind,
    readonly [number, number],
  ][]) {
    test(`${kind}, index kept`, async (context) => {
      const store = await soundStore();
      const index = await indexOfStore(store);
      const ranges = protectedRanges(store.files);
      let found = 0;
      for (let seed = firstSeed; seed < firstSeed + kept * share; seed++) {
        const damaged = damage(store, kind, seededRandom(seed));
        await repeatably(seed, damaged, async () => {
          const isFollowed = seed % 20 === 0;
          const own = isFollowed ? await indexOfStore(store) : index;
          const { rig, outcome } = await readDamaged(store, damaged, own);
          assert.deepEqual(outcome.setBack, []);
          assertNamed(damaged, outcome);
          const named = new Set(outcome.report.damages.map(({ file }) => file));
          const changed = changedFiles(ranges, store.files, damaged.files);
          for (const name of changed) assert(named.has(name), `damage to ${name} is not named`);
          if (changed.size > 0) found++;
          if (isFollowed) await assertGoesOn(rig, store);
        });
      }
      context.diagnostic(`${found} of ${kept * share} were damage, the others harmless`);
    });

    test(`${kind}, index lost`, async (context) => {
      const store = await soundStore();
      const ranges = protectedRanges(store.files);
      let found = 0;
      for (let seed = firstSeed; seed < firstSeed + lost * share; seed++) {
        const damaged = damage(store, kind, seededRandom(seed));
        await repeatably(seed, damaged, async () => {
          const { rig, outcome } = await readDamaged(store, damaged, undefined);
          const isDamage = outcome.lost.length > 0;
          const isNoticed = outcome.report.damages.length > 0 || outcome.errors.length > 0;
          if (isDamage) assert(isNoticed, 'what cannot be read is noticed');
          if (outcome.setBack.length > 0) assertNewestOnly(store, damaged);
          const changed = changedFiles(ranges, store.files, damaged.files);
          changed.delete(newestOf(store));
          if (changed.size > 0) assert(isNoticed, 'damage is noticed');
          if (isDamage) found++;
          if (seed % 10 === 0) await assertGoesOn(rig, store);
        });
      }
      context.diagnostic(`${found} of ${lost * share} lost points, the others nothing`);
    });
  }
});

/** Without an index, only the end of the newest segment can be cut off unnoticed: as if it had never been written. */
function assertNewestOnly(store: SoundStore, damaged: DamagedStore): void {
  assert(damaged.names.includes(newestOf(store)), 'a point was set back without a word');
}

function newestOf(store: SoundStore): string {
  const segments = [...store.files.keys()].filter((name) => name.startsWith('segments/'));
  return segments.sort().at(-1)!;
}

async function repeatably(
  seed: number,
  damaged: DamagedStore,
  body: () => Promise<void>,
): Promise<void> {
  try {
    await body();
  } catch (error) {
    throw new Error(`Repeat it with SEED=${seed}: ${damaged.what}`, { cause: error });
  }
}
