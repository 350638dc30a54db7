import { strict as assert } from 'node:assert';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { MemoryStore } from '../../keyvalue/memory-store.ts';
import type { CommitNote } from '../contract.ts';
import type { RowSealer } from './checked-table.ts';
import { isIndexDamage } from './index-damage.ts';
import { IndexTables, indexTableNames } from './index-tables.ts';
import { IndexWriter } from './index-writer.ts';

const options = { repositoryId: Uint8Array.of(7), start: { segment: 1, offsetBytes: 0 } };

const notes: CommitNote[] = [
  { kind: 'bookmark', text: 'before the upgrade' },
  { kind: 'gap', text: 'spool full', disk: 'sda', fromMicros: 5 },
];

async function build(sealer?: RowSealer) {
  const store = new MemoryStore(indexTableNames);
  const tables = new IndexTables(store, { ...options, ...(sealer && { sealer }) });
  const writer = new IndexWriter(tables);
  const machine = writer.machineNumber('alpha');
  const disk = writer.diskNumber({ machine: 'alpha', disk: 'sda' });
  for (let sequence = 1; sequence <= 20; sequence++) {
    writer.addCommit({
      machine,
      timeMicros: sequence * 100,
      segment: 3,
      offsetBytes: 2 ** 30 + sequence,
      sequence,
      consistency: sequence === 4 ? 'application' : 'crash',
      changedBytes: 2 ** 40,
      newBytes: 5,
      storedBytes: 3,
      disks: [{ disk, sizeBytes: 2 ** 50, state: 'whole', regions: [] }],
      notes: sequence % 10 === 4 ? notes : [],
      hash: new Uint8Array(32),
    });
  }
  await writer.flush();
  return { store, tables };
}

test('commits are listed in pages, both ways, within bounds', async () => {
  const { tables } = await build();
  const times = (query: object) =>
    tables.commits
      .list({ machine: 1, order: 'oldest-first', limit: 3, ...query })
      .map(({ timeMicros }) => timeMicros);
  assert.deepEqual(times({}), [100, 200, 300]);
  assert.deepEqual(times({ fromMicros: 301 }), [400, 500, 600]);
  assert.deepEqual(times({ fromMicros: 1900 }), [1900, 2000]);
  assert.deepEqual(times({ order: 'newest-first' }), [2000, 1900, 1800]);
  assert.deepEqual(times({ order: 'newest-first', toMicros: 299 }), [200, 100]);
  assert.deepEqual(times({ fromMicros: 150, toMicros: 250 }), [200]);
  assert.deepEqual(times({ toMicros: 99 }), []);
  assert.deepEqual(times({ machine: 2 }), []);
  assert.equal(tables.commits.oldestAtOrAfter(1, 101)?.timeMicros, 200);
});

test('a commit comes back as it was entered, notes included', async () => {
  const { tables } = await build();
  assert.deepEqual(tables.commits.newestAtOrBefore(1, 450), {
    machine: 1,
    timeMicros: 400,
    segment: 3,
    offsetBytes: 2 ** 30 + 4,
    sequence: 4,
    consistency: 'application',
    changedBytes: 2 ** 40,
    newBytes: 5,
    storedBytes: 3,
    disks: [{ disk: 1, sizeBytes: 2 ** 50, state: 'whole' }],
    notes,
  });
  const marks = tables.commits.marks({ machine: 1, order: 'newest-first', limit: 10 });
  assert.deepEqual(marks, [
    { timeMicros: 1400, notes },
    { timeMicros: 400, notes },
  ]);
});

test('with a sealer, words of people are nowhere in the store, and rows cannot be exchanged', async () => {
  const { store, tables } = await build(gcm(randomBytes(32)));
  const marks = tables.commits.marks({ machine: 1, order: 'newest-first', limit: 1 });
  assert.deepEqual(marks[0]?.notes, notes);
  for (const table of indexTableNames) {
    for (const { value } of store.range(table, { limit: 1000 })) {
      for (const word of ['alpha', 'sda', 'upgrade', 'spool']) {
        assert.ok(!Buffer.from(value).includes(word), `${word} in ${table}`);
      }
    }
  }
  const sealed = { ...options, sealer: gcm(randomBytes(32)) };
  assert.throws(() => new IndexTables(store, sealed), isIndexDamage);
});

function gcm(key: Uint8Array): RowSealer {
  return {
    seal: (plain, context) => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(context);
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]);
    },
    open: (sealed, context) => {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).setAAD(context);
      decipher.setAuthTag(sealed.subarray(12, 28));
      return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]);
    },
  };
}
