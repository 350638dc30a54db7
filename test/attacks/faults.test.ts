import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isSecondwindError } from '../../src/base/errors.ts';
import { type Random, seededRandom } from '../../src/base/random.ts';
import type { CommitRequest } from '../../src/repository/contract.ts';
import { chanceChoice } from '../../src/testing/crash-states.ts';
import type { CrashFault, CrashOperation } from '../../src/testing/crash-storage.ts';
import { cutAfter, notedIn } from './cut-states.ts';
import { emptyRepository, RepositoryRig } from './repository-rig.ts';
import { surviveCut } from './survive-cut.ts';
import { verifyMachine } from './verify-history.ts';
import { nextId, randomCommit } from './workloads.ts';

/** A source tries so often; once the disk works again, the first or second attempt must succeed. */
const attemptsMax = 4;

const kinds: readonly CrashFault[] = ['io', 'full', 'short', 'late'];
const options = { segmentBytes: 8 * 1024 };

/** Several commits, one after the other and at once, so that the fault meets new segments and commits under way. */
async function use(rig: RepositoryRig, random: Random): Promise<void> {
  const commit = (machine: string): CommitRequest => randomCommit(rig, random, { machine });
  await stubbornly(rig, commit('a'));
  await Promise.all([
    stubbornly(rig, commit('a')),
    stubbornly(rig, commit('b')),
    stubbornly(rig, commit('a')),
  ]);
  await stubbornly(rig, commit('b'));
}

/** @returns whether it was stored */
async function stubbornly(rig: RepositoryRig, request: CommitRequest): Promise<boolean> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    try {
      await rig.append(nextId(rig), request);
      return true;
    } catch (error) {
      assert(isSecondwindError(error), String(error));
      assert(error.code === 'IO_FAILED' || error.code === 'NO_SPACE', error.message);
    }
  }
  return false;
}

/** What is visible now is what was acknowledged, nothing else. */
async function verifyNow(rig: RepositoryRig, machines: readonly string[]): Promise<void> {
  const { tried, stored } = notedIn(rig.storage.steps);
  for (const machine of machines) {
    const ids = await verifyMachine(rig.repository, rig.model, {
      machine,
      tried: tried.get(machine) ?? [],
      stored,
    });
    assert.deepEqual(
      ids.filter((id) => !stored.has(id)),
      [],
      'nothing that failed is visible',
    );
  }
}

function isMutation(operation: CrashOperation): boolean {
  return operation !== 'read';
}

describe('every operation fails', () => {
  for (const kind of kinds) {
    for (const mode of ['once', 'from then on'] as const) {
      test(`${kind}, ${mode}`, async (context) => {
        let number = 1;
        for (let isReached = true; isReached; number++) {
          isReached = await failAt(number, kind, mode);
        }
        context.diagnostic(`${number - 1} operations`);
        assert(number > 20);
      });
    }
  }
});

/** @returns whether the workload has so many operations */
async function failAt(
  number: number,
  kind: CrashFault,
  mode: 'once' | 'from then on',
): Promise<boolean> {
  const rig = new RepositoryRig(await emptyRepository(), { ...options, jitter: seededRandom(5) });
  await rig.open();
  let count = 0;
  rig.storage.faults = (operation) => {
    if (!isMutation(operation)) return undefined;
    count++;
    const isNow = mode === 'once' ? count === number : count >= number;
    return isNow ? kind : undefined;
  };
  try {
    await use(rig, seededRandom(5));
    await verifyNow(rig, ['a', 'b']);
    rig.storage.faults = undefined;
    assert(await stubbornly(rig, randomCommit(rig, seededRandom(6), { machine: 'a' })));
    await verifyNow(rig, ['a', 'b']);
    await verifyAfterCuts(rig);
    await rig.close();
    await verifyReopened(rig);
    return count >= number;
  } catch (error) {
    throw new Error(`when operation ${number} fails`, { cause: error });
  }
}

/** Whatever a cut leaves now, an acknowledgement that followed a failed sync would show. */
async function verifyAfterCuts(rig: RepositoryRig): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt++) {
    const random = seededRandom(attempt);
    const choose = attempt === 0 ? () => 0 : chanceChoice(random);
    const state = await cutAfter(rig.storage, rig.storage.steps.length, choose);
    const depth = attempt === 0 ? 'rebuild' : 'append';
    await surviveCut(state, rig.model, { options, depth, random });
  }
}

/** Closed in order: nothing that failed comes back. */
async function verifyReopened(rig: RepositoryRig): Promise<void> {
  const { tried, stored } = notedIn(rig.storage.steps);
  const again = new RepositoryRig(rig.storage.files, { ...options, model: rig.model });
  await again.open();
  for (const [machine, ids] of tried) {
    const found = await verifyMachine(again.repository, again.model, {
      machine,
      tried: ids,
      stored,
    });
    assert.deepEqual(
      found.filter((id) => !stored.has(id)),
      [],
    );
  }
  assert.deepEqual(again.log.errors, []);
}

describe('every commit of the index fails', () => {
  for (const mode of ['once', 'from then on'] as const) {
    test(mode, async () => {
      for (let number = 1; number <= 8; number++) await failIndexAt(number, mode);
    });
  }
});

async function failIndexAt(number: number, mode: 'once' | 'from then on'): Promise<void> {
  const rig = new RepositoryRig(await emptyRepository(), { ...options, jitter: seededRandom(8) });
  await rig.open();
  let count = 0;
  rig.home.fails = () => {
    count++;
    return mode === 'once' ? count === number : count >= number;
  };
  await use(rig, seededRandom(8));
  await verifyNow(rig, ['a', 'b']);
  rig.home.fails = undefined;
  assert(await stubbornly(rig, randomCommit(rig, seededRandom(9), { machine: 'b' })));
  await verifyNow(rig, ['a', 'b']);
  await verifyAfterCuts(rig);
  await rig.close();
  await verifyReopened(rig);
}

test('whatever read fails, opening says so, and works the next time', async (context) => {
  const source = new RepositoryRig(await emptyRepository(), options);
  await source.open();
  await use(source, seededRandom(7));
  const { tried, stored } = notedIn(source.storage.steps);
  for (const index of ['kept', 'lost']) {
    let number = 1;
    for (let isReached = true; isReached; number++) {
      const state = await cutAfter(source.storage, source.storage.steps.length, () =>
        index === 'lost' ? 0 : 1,
      );
      const kept = state.index === undefined ? {} : { index: state.index };
      const rig = new RepositoryRig(state.files, { ...options, model: source.model, ...kept });
      let count = 0;
      rig.storage.faults = (operation) =>
        operation === 'read' && ++count === number ? 'io' : undefined;
      const failure = await rig.open().then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failure !== undefined)
        assert(isSecondwindError(failure, 'IO_FAILED'), 'it says what failed');
      isReached = count >= number;
      rig.storage.faults = undefined;
      if (failure !== undefined) await rig.open();
      for (const [machine, ids] of tried) {
        await verifyMachine(rig.repository, rig.model, { machine, tried: ids, stored });
      }
    }
    context.diagnostic(`index ${index}: ${number - 1} reads`);
  }
});
