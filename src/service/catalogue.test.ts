import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { isSecondwindError } from '../base/errors.ts';
import { Catalogue } from './catalogue.ts';
import type { DiskRow, ViewRow } from './catalogue-row.ts';
import { takeDataFolder } from './owner-lock.ts';

const disk: DiskRow = {
  machine: 'db1',
  disk: 'root',
  source: 'tap',
  path: "/srv/it's.img",
  listen: 'unix:/run/db1.sock',
  windowMs: 1000,
  isCutAtFlush: false,
  isPaused: true,
};
const view: ViewRow = {
  id: 'view-1',
  machine: 'db1',
  disk: 'root',
  askedMicros: Date.UTC(2200, 0) * 1000,
  listen: '127.0.0.1:1',
  isWritable: true,
  openedMicros: 2,
};

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sw-catalogue-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const hasCode = (code: Parameters<typeof isSecondwindError>[1]) => (error: unknown) =>
  isSecondwindError(error, code);

test('what was written is there when it is opened again', (t) => {
  const file = join(folderFor(t), 'c.sqlite');
  const first = new Catalogue(file);
  first.putDisk(disk);
  first.putDisk({ ...disk, disk: 'data', source: 'image', listen: '', windowMs: 0 });
  first.putDisk({ ...disk, isPaused: false });
  first.putView(view);
  first.close();
  const second = new Catalogue(file);
  assert.deepEqual(
    second.disks().map((row) => [row.disk, row.source, row.isPaused]),
    [
      ['data', 'image', true],
      ['root', 'tap', false],
    ],
  );
  assert.deepEqual(second.disks()[1], { ...disk, isPaused: false });
  assert.deepEqual(second.views(), [view]);
  second.removeDisk('db1', 'data');
  second.removeView('view-1');
  assert.equal(second.disks().length, 1);
  assert.deepEqual(second.views(), []);
  second.close();
});

test('while it is open nobody else can open it; afterwards they can', (t) => {
  const file = join(folderFor(t), 'c.sqlite');
  const first = new Catalogue(file);
  assert.throws(() => new Catalogue(file), hasCode('IN_USE'));
  first.putDisk(disk);
  assert.throws(() => new Catalogue(file), hasCode('IN_USE'));
  first.close();
  new Catalogue(file).close();
});

test('a file of a newer version and one that is no database are refused', (t) => {
  const file = join(folderFor(t), 'c.sqlite');
  new Catalogue(file).close();
  const database = new DatabaseSync(file);
  database.exec('PRAGMA user_version = 99');
  database.close();
  assert.throws(() => new Catalogue(file), hasCode('NEWER_FORMAT'));
  writeFileSync(file, 'this is no database, and long enough to be looked at as one'.repeat(100));
  assert.throws(() => new Catalogue(file), hasCode('DAMAGED'));
});

test('a data folder is taken by one owner, and the next one is told who that is', async (t) => {
  const folder = join(folderFor(t), 'data');
  const catalogue = await takeDataFolder(folder, { pid: 4711, nowMicros: 0 });
  const second = takeDataFolder(folder, { pid: 4712, nowMicros: 1 });
  await assert.rejects(second, (error: Error) => {
    return (
      isSecondwindError(error, 'IN_USE') &&
      /process 4711 .* 1970-01-01T00:00:00/.test(error.message)
    );
  });
  assert.match(readFileSync(join(folder, 'owner.json'), 'utf8'), /4711/);
  writeFileSync(join(folder, 'owner.json'), '{"pid":');
  const third = takeDataFolder(folder, { pid: 4713, nowMicros: 1 });
  await assert.rejects(third, /another process/);
  catalogue.close();
  (await takeDataFolder(folder, { pid: 4714, nowMicros: 2 })).close();
});
