import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Catalogue } from '../catalogue.ts';
import { isoMoment } from '../moments.ts';
import { diskHealth } from './disk-health.ts';
import type { Verdict, VolumeHealthReport } from './verify-report.ts';

function volume(address: string, verdict: Verdict): VolumeHealthReport {
  const isDamaged = verdict === 'damage';
  const finding = { severity: 'damage', checker: 'reader', structure: 'inode 7', reason: 'bad' };
  return {
    ...{ volume: address, verdict, checkers: [], isCut: false },
    damageCount: isDamaged ? 3 : 0,
    findings: isDamaged ? [{ ...finding, severity: 'damage' }] : [],
  };
}

test('the newest check of the whole disk counts, of the machine only with its own volumes', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sw-health-'));
  const catalogue = new Catalogue(join(folder, 'c.sqlite'));
  t.after(() => {
    catalogue.close();
    rmSync(folder, { recursive: true });
  });
  const note = (
    place: string,
    pointMicros: number,
    volumes: readonly VolumeHealthReport[],
    disks: readonly string[] = ['root', 'data'],
  ): void => {
    const moments = { asked: '', point: '', verified: '' };
    const report = {
      where: place,
      machine: 'db1',
      ...moments,
      verdict: 'clean',
      notes: [],
    } as const;
    const row = { machine: 'db1', place, pointMicros, verifiedMicros: pointMicros + 1 };
    catalogue.putVerification({ ...row, report: { ...report, disks, volumes } });
  };
  const health = (disk: string) => diskHealth(catalogue, { machine: 'db1', disk });
  assert.equal(health('root'), undefined);
  note('db1', 10, [volume('root/1', 'damage'), volume('data', 'clean')]);
  assert.deepEqual(health('root'), {
    ...{ disk: 'root', verdict: 'damage', where: 'db1', damageCount: 3 },
    ...{ point: isoMoment(10), verified: isoMoment(11), firstDamage: 'root/1: inode 7: bad' },
  });
  assert.equal(health('data')?.verdict, 'clean');
  // One volume, and a machine whose disk could not be read, say nothing of it.
  note('db1/root/2', 11, [volume('root/2', 'clean')], ['root']);
  note('db1', 12, [volume('data', 'clean')], ['data']);
  assert.equal(health('root')?.point, isoMoment(10));
  assert.equal(health('data')?.point, isoMoment(12));
  note('db1/root', 13, [volume('root/1', 'unchecked'), volume('root/2', 'clean')], ['root']);
  assert.equal(health('root')?.verdict, 'clean');
  // A logical volume may lie on any disk that was read.
  note('db1', 14, [volume('vg0/home', 'damage'), volume('data', 'clean')]);
  assert.equal(health('root')?.verdict, 'damage');
  assert.equal(health('data')?.verdict, 'damage');
});
