import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '../../src/base/random.ts';
import type { CommitRequest } from '../../src/repository/contract.ts';
import { everyChoice } from '../../src/testing/crash-states.ts';
import { cutAfter } from './cut-states.ts';
import { emptyRepository, RepositoryRig } from './repository-rig.ts';
import { surviveCut } from './survive-cut.ts';
import { nextId, type Workload } from './workloads.ts';

/** More states after one step than this would mean that the use is not short. */
const statesPerStepMax = 20_000;

/** Commits of one block, so that every combination of what may be lost can be gone through. */
const shortUses: readonly Workload[] = [
  {
    name: 'two commits',
    options: {},
    run: async (rig) => {
      await rig.append(nextId(rig), oneBlock(rig, 1));
      await rig.append(nextId(rig), oneBlock(rig, 2));
    },
  },
  {
    name: 'two commits of two machines at once',
    options: {},
    run: async (rig) => {
      const both = ['a', 'b'].map((machine) => rig.append(nextId(rig), oneBlock(rig, 3, machine)));
      await Promise.all(both);
    },
  },
  {
    name: 'a commit into a new segment, and an orderly end',
    options: { segmentBytes: 256 },
    run: async (rig) => {
      await rig.append(nextId(rig), oneBlock(rig, 4));
      await rig.append(nextId(rig), oneBlock(rig, 5));
      await rig.close();
    },
  },
  {
    name: 'a commit whose sync fails, and its repetition',
    options: {},
    run: async (rig) => {
      await rig.append(nextId(rig), oneBlock(rig, 6));
      const request = oneBlock(rig, 7);
      let syncs = 0;
      rig.storage.faults = (operation) =>
        operation === 'sync' && ++syncs === 1 ? 'io' : undefined;
      await assert.rejects(rig.append(nextId(rig), request));
      rig.storage.faults = undefined;
      await rig.append(nextId(rig), request);
    },
  },
];

for (const use of shortUses) {
  test(`every state that a power cut may leave: ${use.name}`, async (context) => {
    const rig = new RepositoryRig(await emptyRepository(), use.options);
    await rig.open();
    await use.run(rig, seededRandom(1));
    const { storage, model } = rig;
    const seen = new Set<string>();
    let drawn = 0;
    for (let step = 0; step <= storage.steps.length; step++) {
      const { count, isComplete } = await everyChoice(statesPerStepMax, async (choose) => {
        const state = await cutAfter(storage, step, choose);
        if (seen.has(state.key)) return;
        seen.add(state.key);
        try {
          const how = { options: use.options, depth: 'rebuild' as const, random: seededRandom(1) };
          await surviveCut(state, model, how);
        } catch (error) {
          throw new Error(`after step ${step}`, { cause: error });
        }
      });
      drawn += count;
      assert(isComplete, `step ${step} leaves more than ${statesPerStepMax} states`);
    }
    context.diagnostic(`${storage.steps.length} steps, ${drawn} states, ${seen.size} different`);
  });
}

function oneBlock(rig: RepositoryRig, fill: number, machine = 'a'): CommitRequest {
  const data = new Uint8Array(new SharedArrayBuffer(4096)).fill(fill);
  const runs = [{ firstBlock: fill, blockCount: 1, data }];
  const disks = [{ disk: 'sda', sizeBytes: 8 * 4096, state: 'whole' as const, runs }];
  return { machine, timeMicros: rig.tick(), consistency: 'crash', disks };
}
