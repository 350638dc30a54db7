import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { GroupSync } from './group-sync.ts';

const folder = mkdtempSync(join(tmpdir(), 'secondwind-sync-'));
after(() => rmSync(folder, { recursive: true }));

test('serves any number of callers, and callers that come meanwhile', async () => {
  const fd = openSync(join(folder, 'file'), 'w+');
  const group = new GroupSync(fd, 'file');
  const first = group.sync();
  const later = Array.from({ length: 50 }, () => group.sync());
  assert.equal(new Set(later).size, 1, 'those who wait share one sync');
  assert.notEqual(later[0], first, 'the one under way may have begun too early for them');
  await Promise.all([first, ...later]);
  await group.sync();
  closeSync(fd);
});

test('fails for good after one failure', async () => {
  const fd = openSync('/dev/full', 'w');
  const group = new GroupSync(fd, 'the file');
  await assert.rejects(group.sync(), { code: 'IO_FAILED' });
  closeSync(fd);
  const failed = group.sync();
  const waiting = group.sync();
  await assert.rejects(failed, { code: 'IO_FAILED' });
  await assert.rejects(waiting, { code: 'IO_FAILED' });
});
