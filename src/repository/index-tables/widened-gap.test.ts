import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { MemoryStore } from '../../keyvalue/memory-store.ts';
import { enterCommit } from '../../testing/index-model.ts';
import type { DiskState } from '../contract.ts';
import type { DiskSpan } from './disk-history-table.ts';
import { IndexTables, indexTableNames } from './index-tables.ts';
import { IndexWriter } from './index-writer.ts';

const options = { repositoryId: Uint8Array.of(7), start: { segment: 1, offsetBytes: 0 } };

/** One commit: its time, the disk's state, and from when on its note says that there is a gap. */
type Step = readonly [timeMicros: number, state: DiskState, gapFromMicros?: number];

/** Enters commits, all in one batch or each in its own, by a writer that lives or by a new one for each. */
async function spansOf(steps: readonly Step[], isFlushed: boolean): Promise<readonly DiskSpan[]> {
  const store = new MemoryStore(indexTableNames);
  const tables = new IndexTables(store, options);
  let writer = new IndexWriter(tables);
  for (const [timeMicros, state, fromMicros] of steps) {
    const disks = [{ disk: 'sda', state, sizeBytes: 4096, regions: [] }];
    const gap = { kind: 'gap', disk: 'sda', text: '' } as const;
    const notes = fromMicros === undefined ? [] : [{ ...gap, fromMicros }];
    enterCommit(writer, { machine: 'alpha', timeMicros, disks, notes });
    if (!isFlushed) continue;
    await writer.flush();
    writer = new IndexWriter(tables);
  }
  await writer.flush();
  return tables.diskHistory.spans(1, 0, 100);
}

async function assertSpans(steps: readonly Step[], wanted: readonly string[]): Promise<void> {
  for (const isFlushed of [false, true]) {
    const spans = await spansOf(steps, isFlushed);
    assert.deepEqual(
      spans.map(({ state, fromMicros }) => `${state} ${fromMicros}`),
      wanted,
    );
  }
}

test('a gap begins behind the last commit that its note knows of, not with the commit that tells of it', async () => {
  const steps = [
    [10, 'whole'],
    [20, 'whole'],
    [90, 'filling'],
    [95, 'filling'],
    [99, 'whole', 20],
  ] as const;
  await assertSpans(steps, ['whole 10', 'filling 21', 'whole 99']);
});

test('a gap that was closed before anybody told of it is there all the same', async () => {
  const steps = [
    [10, 'whole'],
    [99, 'whole', 10],
    [110, 'whole'],
  ] as const;
  await assertSpans(steps, ['whole 10', 'filling 11', 'whole 99']);
});

test('a note with too early a time takes no point away that was whole', async () => {
  const steps = [
    [10, 'whole'],
    [20, 'whole'],
    [90, 'filling'],
    [99, 'whole', 3],
    [120, 'whole', 3],
  ] as const;
  await assertSpans(steps, ['whole 10', 'filling 21', 'whole 99', 'filling 100', 'whole 120']);
});

test('a note whose time is that of the gap or later changes nothing', async () => {
  const steps = [
    [10, 'whole'],
    [50, 'filling'],
    [60, 'whole', 70],
    [80, 'filling'],
    [90, 'whole', 79],
  ] as const;
  await assertSpans(steps, ['whole 10', 'filling 50', 'whole 60', 'filling 80', 'whole 90']);
});
