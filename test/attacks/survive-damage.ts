import assert from 'node:assert/strict';
import { isSecondwindError } from '../../src/base/errors.ts';
import type { MemoryStore } from '../../src/keyvalue/memory-store.ts';
import type { CheckReport, Repository } from '../../src/repository/index.ts';
import { type DamagedStore, type SoundStore, secondSecret, storeOptions } from './damaged-store.ts';
import { HistoryModel } from './history-model.ts';
import { RepositoryRig } from './repository-rig.ts';
import { nextId } from './workloads.ts';

/** A point that cannot be read. */
interface LostPoint {
  readonly machine: string;
  readonly disk: string;
  readonly timeMicros: number;
  readonly code: string;
}

/** What became of a damaged store. */
export interface DamageOutcome {
  readonly lost: readonly LostPoint[];
  readonly pointCount: number;
  readonly report: CheckReport;
  /** Points of which an earlier state was shown, with its own earlier time: the newest commits are gone without a trace. */
  readonly setBack: readonly LostPoint[];
  readonly errors: readonly string[];
}

/**
 * Opens a damaged store, reads every point and checks it. No point may show a byte that was not there, whatever is damaged.
 * @param store - what it was
 * @param damaged - what it is
 * @param index - the index that survived; undefined when it is lost
 */
export async function readDamaged(
  store: SoundStore,
  damaged: DamagedStore,
  index: MemoryStore | undefined,
): Promise<{ readonly rig: RepositoryRig; readonly outcome: DamageOutcome }> {
  const model = new HistoryModel(store.model);
  const given = { ...storeOptions, model, ...(index === undefined ? {} : { index }) };
  const rig = await openDamaged(damaged, given);
  rig.commitCount = 1_000_000;
  const lost: LostPoint[] = [];
  const setBack: LostPoint[] = [];
  let pointCount = 0;
  for (const [machine, ids] of store.history) {
    for (const [position, id] of ids.entries()) {
      const { timeMicros } = store.stored.get(id)!;
      for (const [disk, { bytes }] of model.after(ids.slice(0, position + 1))) {
        pointCount++;
        const point = { machine, disk, timeMicros };
        const found = await readPoint(rig.repository, point);
        if (typeof found === 'string') lost.push({ ...point, code: found });
        else if (found.timeMicros < timeMicros) setBack.push({ ...point, code: 'set back' });
        else assert(found.bytes.equals(bytes), `${machine}/${disk} at ${timeMicros}: wrong bytes`);
      }
    }
  }
  const report = await rig.repository.check({ contentShare: 1 });
  return { rig, outcome: { lost, setBack, pointCount, report, errors: rig.log.errors } };
}

/** Who has the secret of a damaged slot is told so, and whoever has another one is not locked out. */
async function openDamaged(
  damaged: DamagedStore,
  given: ConstructorParameters<typeof RepositoryRig>[1],
): Promise<RepositoryRig> {
  const rig = new RepositoryRig(damaged.files, given);
  try {
    await rig.open();
    return rig;
  } catch (error) {
    assert(isSecondwindError(error, 'DAMAGED') && String(error.data['file']).startsWith('keys/'));
    const other = new RepositoryRig(damaged.files, { ...given, secret: secondSecret });
    await other.open();
    return other;
  }
}

/** @returns content and moment, or the code of the error */
async function readPoint(
  repository: Repository,
  { machine, disk, timeMicros }: Omit<LostPoint, 'code'>,
): Promise<string | { readonly bytes: Buffer; readonly timeMicros: number }> {
  try {
    const view = await repository.openView({ machine, disk }, timeMicros);
    const bytes = Buffer.alloc(view.sizeBytes);
    await view.read(bytes, 0);
    return { bytes, timeMicros: view.timeMicros };
  } catch (error) {
    if (isSecondwindError(error)) return error.code;
    throw error;
  }
}

/**
 * Every unreadable point is named by the check, with the damaged file; nothing else is said to be touched.
 * @param damaged - what was damaged
 * @param outcome - of readDamaged, with the index kept
 */
export function assertNamed(damaged: DamagedStore, outcome: DamageOutcome): void {
  const { lost, report } = outcome;
  for (const { machine, disk, timeMicros, code } of lost) {
    assert.equal(code, 'DAMAGED');
    const isNamed = report.damages.some(
      ({ file, touched }) =>
        damaged.names.includes(file) &&
        touched.some(
          ({ name, fromMicros, toMicros }) =>
            name.machine === machine &&
            name.disk === disk &&
            fromMicros <= timeMicros &&
            (toMicros === undefined || timeMicros <= toMicros),
        ),
    );
    assert(isNamed, `${machine}/${disk} at ${timeMicros} is not named`);
  }
  for (const { file } of report.damages) assert(damaged.names.includes(file), `${file} is sound`);
}

/**
 * After damage a source that sends everything again has whole points from then on.
 * @param rig - with the damaged store open
 * @param store - what it was
 */
export async function assertGoesOn(rig: RepositoryRig, store: SoundStore): Promise<void> {
  rig.clock.jump(60_000_000);
  for (const [machine, ids] of store.history) {
    const disks = [...store.model.after(ids)].map(([disk, { bytes }]) => ({
      disk,
      sizeBytes: bytes.length,
      state: 'whole' as const,
      runs: [{ firstBlock: 0, blockCount: Math.ceil(bytes.length / 4096), data: shared(bytes) }],
    }));
    const notes = [{ kind: 'resumed' as const, text: 'compared as a whole' }];
    const request = {
      machine,
      timeMicros: rig.tick(),
      consistency: 'crash' as const,
      disks,
      notes,
    };
    const { timeMicros } = await rig.append(nextId(rig), request);
    for (const { disk } of disks) {
      const found = await readPoint(rig.repository, { machine, disk, timeMicros });
      assert(typeof found === 'object', `${machine}/${disk} cannot be read`);
      assert(found.bytes.equals(store.model.after(ids).get(disk)!.bytes));
    }
  }
}

/** Disks may end within a block; the rest of it is zeroes. */
function shared(bytes: Buffer): Uint8Array<SharedArrayBuffer> {
  const memory = new Uint8Array(new SharedArrayBuffer(Math.ceil(bytes.length / 4096) * 4096));
  memory.set(bytes);
  return memory;
}
