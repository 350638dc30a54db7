import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isSecondwindError, SecondwindError } from '../../base/errors.ts';
import { createLogger } from '../../base/log.ts';
import type { DiskSummary } from '../../repository/index.ts';
import { VirtualClock } from '../../testing/virtual-clock.ts';
import { Catalogue } from '../catalogue.ts';
import { microsOfIso } from '../moments.ts';
import { HealthSchedules } from './health-schedules.ts';
import { healthCheckMsMax, healthLookMs } from './limits.ts';
import { pointToCheck } from './point-to-check.ts';
import type { CheckManner, Verify } from './verify.ts';

const hourMs = 3_600_000;

function summary(machine: string, disk: string, last: number, first = 1): DiskSummary {
  const points = { firstPointMicros: first, lastPointMicros: last };
  return { name: { machine, disk }, sizeBytes: 4096, state: 'whole', ...points };
}

/** Checks that end when the test says so, of points that it makes; the catalogue and the clock are real ones. */
class Rig {
  readonly clock = new VirtualClock();
  readonly checks: { readonly where: string; readonly point: number }[] = [];
  readonly lines: string[] = [];
  disks: DiskSummary[] = [summary('db1', 'root', 10), summary('web1', 'root', 20)];
  check: (signal: AbortSignal) => Promise<void> = async () => undefined;
  readonly #file: string;
  #catalogue: Catalogue;
  schedules: HealthSchedules;

  constructor(t: TestContext) {
    const folder = mkdtempSync(join(tmpdir(), 'sw-schedules-'));
    this.#file = join(folder, 'c.sqlite');
    this.#catalogue = new Catalogue(this.#file);
    this.schedules = this.#create();
    t.after(async () => {
      await this.schedules.close();
      this.#catalogue.close();
      rmSync(folder, { recursive: true });
    });
  }

  async restart(): Promise<void> {
    await this.schedules.close();
    this.#catalogue.close();
    this.#catalogue = new Catalogue(this.#file);
    this.schedules = this.#create();
  }

  #create(): HealthSchedules {
    const verify = {
      check: async (order, { signal }, manner: CheckManner) => {
        assert.ok(manner.isScheduled);
        this.checks.push({ where: order.where, point: microsOfIso(order.at) });
        await this.check(signal);
        return undefined as never; // What it came to is for the catalogue.
      },
    } satisfies Pick<Verify, 'check'>;
    const schedules = new HealthSchedules({
      ...{ catalogue: this.#catalogue, clock: this.clock, verify },
      repository: { disks: () => this.disks },
      log: createLogger({
        ...{ level: 'error', format: 'json', clock: this.clock },
        write: (line) => void this.lines.push(line),
      }),
    });
    schedules.start();
    return schedules;
  }
}

test('it is checked at once, then when its time has come and something is new, also after a restart', async (t) => {
  const rig = new Rig(t);
  rig.schedules.set({ where: 'db1', rhythm: 'every-6h' });
  await rig.clock.advance(0);
  assert.deepEqual(rig.checks, [{ where: 'db1', point: 10 }]);
  rig.disks = [summary('db1', 'root', 11)];
  await rig.clock.advance(6 * hourMs - healthLookMs);
  assert.equal(rig.checks.length, 1, 'its time had not come');
  await rig.restart();
  await rig.clock.advance(2 * healthLookMs);
  assert.deepEqual(rig.checks.slice(1), [{ where: 'db1', point: 11 }]);
  await rig.clock.advance(7 * hourMs);
  assert.equal(rig.checks.length, 2, 'nothing was new');
  rig.disks = [summary('db1', 'root', 12)];
  await rig.clock.advance(healthLookMs);
  assert.equal(rig.checks.at(-1)?.point, 12);
  rig.schedules.end('db1');
  rig.disks = [summary('db1', 'root', 13)];
  await rig.clock.advance(7 * hourMs);
  assert.equal(rig.checks.length, 3, 'it was ended');
});

test('one runs at a time, the longest due first, and a rhythm changed meanwhile stays', async (t) => {
  const rig = new Rig(t);
  const ends: (() => void)[] = [];
  rig.check = () => new Promise((resolve) => void ends.push(resolve));
  rig.schedules.set({ where: 'web1/root', rhythm: 'every-week' });
  rig.schedules.set({ where: 'db1', rhythm: 'every-hour' });
  await rig.clock.advance(healthLookMs);
  assert.deepEqual(
    rig.checks.map(({ where }) => where),
    ['db1'],
  );
  rig.schedules.set({ where: 'db1', rhythm: 'every-day' });
  ends.shift()?.();
  await rig.clock.advance(0);
  assert.deepEqual(
    rig.checks.map(({ where }) => where),
    ['db1', 'web1/root'],
  );
  assert.deepEqual(
    rig.schedules.list().map(({ where, rhythm, point }) => [where, rhythm, point !== undefined]),
    [
      ['db1', 'every-day', true],
      ['web1/root', 'every-week', false],
    ],
  );
  ends.shift()?.();
});

test('what cannot look is logged and shown, and looks again at the same point at its next time', async (t) => {
  const rig = new Rig(t);
  rig.check = () => Promise.reject(new SecondwindError('USAGE', { reason: 'The disk is gone' }));
  rig.schedules.set({ where: 'db1', rhythm: 'every-hour' });
  await rig.clock.advance(healthLookMs);
  assert.equal(rig.checks.length, 1);
  assert.match(rig.schedules.list()[0]?.failure ?? '', /The disk is gone/);
  assert.equal(rig.lines.filter((line) => /could not look/.test(line)).length, 1);
  rig.check = async () => undefined;
  await rig.clock.advance(hourMs);
  assert.deepEqual(rig.checks[1], { where: 'db1', point: 10 });
  assert.equal(rig.schedules.list()[0]?.failure, undefined);
});

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason as Error)),
  );

test('a check that a shutdown ends is made again; one that never ends is ended', async (t) => {
  const rig = new Rig(t);
  rig.check = untilAborted;
  rig.schedules.set({ where: 'db1', rhythm: 'every-day' });
  await rig.clock.advance(healthLookMs);
  await rig.restart();
  assert.equal(rig.schedules.list()[0]?.tried, undefined);
  assert.deepEqual(rig.lines, []);
  await rig.clock.advance(healthLookMs);
  assert.equal(rig.checks.length, 2);
  await rig.clock.advance(healthCheckMsMax);
  assert.match(rig.schedules.list()[0]?.failure ?? '', /took longer than 12h/);
});

test('only machines and disks that are there can be scheduled', (t) => {
  const { schedules } = new Rig(t);
  const order = { rhythm: 'every-day' } as const;
  const hasCode = (code: 'USAGE' | 'UNKNOWN_MACHINE' | 'NOT_FOUND') => (error: unknown) =>
    isSecondwindError(error, code);
  assert.throws(() => schedules.set({ ...order, where: 'db1/root/2' }), hasCode('USAGE'));
  assert.throws(() => schedules.set({ ...order, where: 'db2' }), hasCode('UNKNOWN_MACHINE'));
  assert.throws(() => schedules.end('db1'), hasCode('NOT_FOUND'));
});

test('a check looks at the newest point of all disks, or of the others while one stays behind', () => {
  const disks = [summary('db1', 'root', 30), summary('db1', 'data', 20)];
  assert.equal(pointToCheck(disks, 0), 20);
  assert.equal(pointToCheck(disks, 20), 30);
  assert.equal(pointToCheck(disks, 30), undefined);
  assert.equal(pointToCheck([summary('db1', 'root', 30, 25), disks[1]!], 0), 30);
  assert.equal(pointToCheck([], 0), undefined);
  const { firstPointMicros, ...never } = summary('db1', 'new', 5);
  assert.ok(firstPointMicros);
  const unread = { ...never, firstPointMicros: undefined, lastPointMicros: undefined };
  assert.equal(pointToCheck([...disks, unread], 0), 20);
});
