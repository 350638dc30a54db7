import { strict as assert } from 'node:assert';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { FormatFault } from '../../format/format-fault.ts';
import { decodeIntentMap, type IntentMap, intentExtentBytes } from '../../format/intent-map.ts';
import { MemoryFile } from '../../testing/memory-file.ts';
import { IntentLog } from './intent-log.ts';

const diskBytes = 10_000 * intentExtentBytes;

async function begun(file: MemoryFile): Promise<IntentLog> {
  const log = new IntentLog(file, diskBytes);
  await log.begin([], 0);
  return log;
}

/** What the file holds after a power loss that takes all that was not synced. */
async function leftAfterPowerLoss(file: MemoryFile): Promise<IntentMap> {
  const left = file.afterPowerLoss(() => false);
  const map = await new IntentLog(left, diskBytes).read();
  assert.ok(!(map instanceof FormatFault));
  return map;
}

function isSet(map: IntentMap, extent: number): boolean {
  return (map.bits[extent >>> 3]! & (1 << (extent & 7))) !== 0;
}

describe('intent log', () => {
  test('first touches that come together share one sync', async () => {
    const file = new MemoryFile();
    const log = await begun(file);
    const before = file.operationCount;
    await Promise.all([log.activate(1, 1), log.activate(2, 3), log.activate(2, 2)]);
    assert.equal(file.operationCount - before, 2, 'one write of one sector, one sync');
    assert.ok(log.isActive(1, 3));
    assert.ok(!log.isActive(0, 1));
    assert.equal(log.activeCount, 3);
  });

  test('what comes during a sync waits for the next one, unless it is in it', async () => {
    const file = new MemoryFile();
    const log = await begun(file);
    const before = file.operationCount;
    file.delay = () => turn();
    const first = log.activate(1, 1);
    await turn();
    const same = log.activate(1, 1);
    const other = log.activate(9000, 9000);
    await first;
    await same;
    assert.ok(log.isActive(1, 1));
    assert.ok(!log.isActive(9000, 9000));
    await other;
    assert.equal(file.operationCount - before, 4);
    const map = await leftAfterPowerLoss(file);
    assert.ok(isSet(map, 1) && isSet(map, 9000));
  });

  test('an active extent costs nothing', async () => {
    const file = new MemoryFile();
    const log = await begun(file);
    await log.activate(5, 6);
    const before = file.operationCount;
    await log.activate(5, 6);
    assert.equal(file.operationCount, before);
  });

  test('a failed sync is tried again with everything it should have brought', async () => {
    const file = new MemoryFile();
    const log = await begun(file);
    const fails = file.operationCount + 2;
    file.failsAt = (operation) => operation === fails;
    await log.activate(5, 5);
    assert.ok(isSet(await leftAfterPowerLoss(file), 5));
  });

  test('a map that stays broken fails the touch, and a later one succeeds once it is mended', async () => {
    const file = new MemoryFile();
    const log = await begun(file);
    file.failsAt = () => true;
    await assert.rejects(log.activate(5, 5), { code: 'IO_FAILED' });
    assert.ok(!log.isActive(5, 5));
    file.failsAt = undefined;
    await log.activate(5, 5);
    assert.ok(isSet(await leftAfterPowerLoss(file), 5));
  });

  test('a cleared extent is touched again in the same breath: the bit is on stable storage', async () => {
    const file = new MemoryFile();
    const log = await begun(file);
    await log.activate(5, 5);
    file.delay = () => turn();
    log.clear([5], 77);
    assert.ok(!log.isActive(5, 5));
    await log.activate(5, 5);
    const map = await leftAfterPowerLoss(file);
    assert.ok(isSet(map, 5));
    assert.equal(map.header.storedMicros, 77);
  });

  test('a clean end says so, and with what', async () => {
    const file = new MemoryFile();
    const log = await begun(file);
    await log.activate(5, 5);
    const stamp = { sizeBytes: 12, modifiedMicros: 34 };
    await log.close({ stamp, storedMicros: 56 });
    const { header, bits } = await leftAfterPowerLoss(file);
    assert.deepEqual(header, {
      ...{ isClean: true, diskBytes, backingBytes: 12, backingMicros: 34, storedMicros: 56 },
    });
    assert.ok(bits.every((byte) => byte === 0));
  });

  test('beginning marks on stable storage; a crash at any operation of it never says clean', async () => {
    for (let failAt = 1; failAt <= 6; failAt++) {
      const file = new MemoryFile();
      const log = new IntentLog(file, diskBytes);
      file.failsAt = (operation) => operation >= failAt;
      const began = await log.begin([7, 4500], 1).then(
        () => true,
        () => false,
      );
      for (const isKept of [true, false]) {
        const left = file.afterPowerLoss(() => isKept);
        const map = await new IntentLog(left, diskBytes).read();
        if (map instanceof FormatFault) {
          assert.ok(!began);
          continue;
        }
        assert.ok(!map.header.isClean && isSet(map, 7) && isSet(map, 4500));
      }
    }
  });

  test('the file is as long as the page says', async () => {
    const file = new MemoryFile();
    await begun(file);
    assert.equal(file.content.length, 512 * (1 + Math.ceil(10_000 / 4032)));
    assert.equal(decodeIntentMap(file.content, diskBytes).damagedSectors.length, 0);
  });
});
