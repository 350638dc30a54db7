import assert from 'node:assert/strict';
import type { Random } from '../../src/base/random.ts';
import type { CutState } from './cut-states.ts';
import { HistoryModel } from './history-model.ts';
import { RepositoryRig } from './repository-rig.ts';
import { verifyMachine } from './verify-history.ts';
import { nextId, randomCommit, type Workload } from './workloads.ts';

/** How much is tried after a cut; the deeper, the dearer. */
export type Depth = 'open' | 'append' | 'rebuild';

/**
 * Opens what a power cut left in fresh objects, and finds every promise kept.
 * @param state - what was left
 * @param model - knows every commit that was tried
 * @param how - options of the repository, how much is tried, and what decides the commit that follows
 * @returns the rig, open, for whoever wants to go on
 */
export async function surviveCut(
  state: CutState,
  model: HistoryModel,
  how: { readonly options: Workload['options']; readonly depth: Depth; readonly random: Random },
): Promise<RepositoryRig> {
  const { files, index } = state;
  const own = new HistoryModel(model);
  const given = { ...how.options, model: own, ...(index === undefined ? {} : { index }) };
  const rig = new RepositoryRig(files, given);
  rig.commitCount = 1_000_000;
  await rig.open();
  const found = await verifyAll(rig, state, how);
  if (how.depth !== 'open') {
    await appendAfter(rig, state, found, how.random);
    const { damages, indexFaults } = await rig.repository.check({ contentShare: 1 });
    assert.deepEqual(damages, []);
    assert.deepEqual(indexFaults, []);
  }
  if (how.depth === 'rebuild') {
    const before = new Map([...found.keys()].map((machine) => [machine, rig.idsOf(machine)]));
    await rig.repository.rebuild({});
    for (const machine of found.keys()) {
      const ids = await verifyMachine(rig.repository, rig.model, {
        machine,
        tried: rig.idsOf(machine),
        stored: state.stored,
      });
      assert.deepEqual(ids, before.get(machine), 'a rebuild changes nothing');
    }
  }
  assert.deepEqual(rig.log.errors, [], 'a power cut is no damage');
  return rig;
}

async function verifyAll(
  rig: RepositoryRig,
  state: CutState,
  { depth, random }: { readonly depth: Depth; readonly random: Random },
): Promise<Map<string, string[]>> {
  const sample = depth === 'rebuild' ? {} : { sample: random };
  const found = new Map<string, string[]>();
  for (const [machine, tried] of state.tried) {
    const expected = { machine, tried, stored: state.stored, ...sample };
    found.set(machine, await verifyMachine(rig.repository, rig.model, expected));
  }
  return found;
}

/** A source repeats what it does not know to be stored, and goes on with something new. */
async function appendAfter(
  rig: RepositoryRig,
  state: CutState,
  found: ReadonlyMap<string, readonly string[]>,
  random: Random,
): Promise<void> {
  rig.clock.jump(1_000_000);
  for (const [machine, tried] of state.tried) {
    const open = tried.findLast((id) => !state.stored.has(id));
    const requests = [randomCommit(rig, random, { machine })];
    if (open !== undefined) requests.unshift(rig.model.commit(open)!.request);
    const ids = [...(found.get(machine) ?? [])];
    for (const request of requests) {
      const id = nextId(rig);
      await rig.append(id, { ...request, notes: [], timeMicros: rig.tick() });
      ids.push(id);
    }
    const tail = { machine, tried: ids, stored: new Map(), sample: random };
    assert.deepEqual(await verifyMachine(rig.repository, rig.model, tail), ids);
  }
}
