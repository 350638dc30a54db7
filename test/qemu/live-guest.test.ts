import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { integerBelow, seededRandom } from '../../src/base/random.ts';
import { seedOfRun } from '../attacks/processes/seed-of-run.ts';
import { ProtectedGuest } from './protected-guest.ts';

test('a guest is protected while it runs: any moment is whole, through kills of the server and of the guest', async (t) => {
  const seed = seedOfRun();
  t.diagnostic(`SEED=${seed}`);
  const random = seededRandom(seed);
  const life = new ProtectedGuest();
  try {
    await life.guest.start();
    await life.guest.writeAll(5);
    await life.startServer();
    await life.rig.ok([
      'machine',
      'protect',
      'web1',
      '--qmp',
      life.guest.qmp,
      '--guest-agent',
      life.guest.agent,
    ]);
    await life.untilProtected();

    await life.rig.ok(['bookmark', 'web1', 'quiet', '--quiesce']);
    const quiet = await life.check('bookmark:quiet');
    assert.deepEqual(quiet, { vda: 5, vdb: 5 });
    await life.guest.writeAll(1); // It was thawed.

    const enough = new AbortController();
    const fromMs = Date.now();
    const writing = life.guest.writeUntil(enough.signal);
    await wait(2_000 + integerBelow(random, 1_000));
    await life.server.end('SIGKILL');
    const killedMs = Date.now();
    const doneAtKill = life.guest.doneCount;
    await life.guest.until(() => life.guest.doneCount >= doneAtKill + 20);
    await life.startServer();
    await life.untilProtected();
    const backMs = Date.now();
    await wait(1_500 + integerBelow(random, 1_000));
    await life.guest.kill();
    const endedMs = Date.now();
    enough.abort();
    await writing;
    await life.untilAway();

    const last = await life.check(await life.lastPoint());
    const done = life.guest.doneCount;
    // Disks are let go one after the other, so on a busy machine one may be in its gap already where the other has its last point.
    const isKept = (newest: number | undefined): boolean => newest === undefined || newest >= done;
    assert.ok(
      isKept(last.vda) && isKept(last.vdb) && (last.vda ?? last.vdb) !== undefined,
      `record ${done} was done: ${JSON.stringify(last)}`,
    );
    const atKill = await life.check(new Date(killedMs + 1).toISOString());
    assert.deepEqual(
      atKill,
      { vda: undefined, vdb: undefined },
      'no gap at the kill of the server',
    );
    const within = (startMs: number, endMs: number): number =>
      startMs + integerBelow(random, endMs - startMs);
    const moments = [fromMs, within(fromMs, killedMs), within(fromMs, killedMs)];
    moments.push(backMs, within(backMs, endedMs), within(backMs, endedMs));
    let wholeCount = 0;
    for (const atMs of moments) {
      const { vda, vdb } = await life.check(new Date(atMs).toISOString());
      if (vda !== undefined && vdb !== undefined) wholeCount += 1;
    }
    assert.ok(wholeCount >= 2, 'moments at which the guest was protected are refused');
    t.diagnostic(JSON.stringify({ records: done, wholeCount }));
  } finally {
    await life.end();
  }
});
