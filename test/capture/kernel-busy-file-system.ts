import assert from 'node:assert/strict';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/base/system-clock.ts';
import { kernelProgram } from '../../src/main/kernel-program.ts';
import { LiveDevice, tool } from './live-device.ts';

/** A kind of file system: how it is made, and how it is checked after it was mounted and unmounted once. */
export interface Kind {
  readonly name: string;
  readonly sizeBytes: number;
  readonly make: readonly [string, ...string[]];
  readonly check: readonly [string, ...string[]];
}

/** Kinds that the kernel of this machine mounts. */
export const kinds: readonly Kind[] = [
  {
    name: 'ext4',
    sizeBytes: 64 << 20,
    make: ['mkfs.ext4', '-q'],
    check: ['e2fsck', '-fn'],
  },
  {
    name: 'xfs',
    sizeBytes: 320 << 20,
    make: ['mkfs.xfs', '-q'],
    check: ['xfs_repair', '-n'],
  },
  {
    name: 'btrfs',
    sizeBytes: 128 << 20,
    make: ['mkfs.btrfs', '-q', '-m', 'single'],
    check: ['btrfs', 'check', '--readonly'],
  },
];

interface Acknowledged {
  readonly beginMicros: number;
  readonly endMicros: number;
}

/** Clocks of two processes are read apart. */
const slackMicros = 2_000;
const recordBytes = 64;

/**
 * Uses a file system on a protected device, and looks at it as it stood at several points: each mounts, holds every record that was
 * acknowledged before it and none that was begun after it, and is found sound. At the end, at rest, it equals the device.
 */
export async function testBusyFileSystem(
  kind: Kind,
  effort: { readonly durationMs: number; readonly pointsMax: number; readonly seed: number },
): Promise<void> {
  const options = { sizeBytes: kind.sizeBytes, start: kernelProgram() };
  await LiveDevice.with(options, async (device) => {
    const [make, ...words] = kind.make;
    await tool(make, ...words, device.path);
    await device.untilWhole();
    const records: Acknowledged[] = [];
    await device.mounted(device.path, async (folder) => {
      const churn = tool('fio', ...fioWords(folder, effort));
      await writeRecords(folder, effort.durationMs, records);
      await churn;
    });
    await device.untilWhole();
    const rest = await device.cut();
    const restored = await readFile(await device.restore(rest));
    assert.ok(restored.equals(await device.content()), 'at rest it differs from the device');
    await checkPoints(device, { kind, records, pointsMax: effort.pointsMax });
  });
}

function fioWords(folder: string, { durationMs, seed }: { durationMs: number; seed: number }) {
  return [
    ...['--output=/dev/null', '--name=churn', `--directory=${folder}`, '--nrfiles=40'],
    ...['--filesize=1k-100k', '--rw=randwrite', '--bsrange=512-32k', '--fsync=16', '--rate=4m'],
    ...['--time_based', `--runtime=${Math.ceil(durationMs / 1000)}`, `--randseed=${seed}`],
  ];
}

async function writeRecords(
  folder: string,
  durationMs: number,
  records: Acknowledged[],
): Promise<void> {
  const file = await open(join(folder, 'records'), 'a');
  const endMs = systemClock.steadyMs() + durationMs;
  try {
    while (systemClock.steadyMs() < endMs) records.push(await writeRecord(file, records.length));
  } finally {
    await file.close();
  }
}

async function writeRecord(file: FileHandle, number: number): Promise<Acknowledged> {
  const beginMicros = systemClock.nowMicros();
  await file.write(`${number}`.padEnd(recordBytes - 1) + '\n');
  await file.datasync();
  return { beginMicros, endMicros: systemClock.nowMicros() };
}

async function checkPoints(
  device: LiveDevice,
  wanted: { kind: Kind; records: readonly Acknowledged[]; pointsMax: number },
): Promise<void> {
  const { kind, records, pointsMax } = wanted;
  const from = records[0]!.endMicros;
  const to = records.at(-1)!.endMicros;
  const within = device.points.filter((point) => point > from && point < to);
  const step = Math.max(1, Math.floor(within.length / pointsMax));
  let checked = 0;
  for (let i = Math.floor(step / 2); i < within.length; i += step) {
    const image = await restoreWhole(device, within[i]!);
    if (image === undefined) continue;
    await device.mounted(image, (folder) => checkRecords(folder, records, within[i]!));
    await tool(kind.check[0], ...kind.check.slice(1), image);
    checked++;
  }
  assert.ok(checked > 0, 'no point was looked at');
}

/** Where this machine was too busy to capture everything, there is a gap, and nothing to restore. */
async function restoreWhole(device: LiveDevice, point: number): Promise<string | undefined> {
  try {
    return await device.restore(point);
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'POINT_IN_GAP') return undefined;
    throw error;
  }
}

async function checkRecords(
  folder: string,
  records: readonly Acknowledged[],
  point: number,
): Promise<void> {
  const lines = (await readFile(join(folder, 'records'), 'latin1')).split('\n').slice(0, -1);
  for (const [index, line] of lines.entries()) assert.equal(line.trim(), `${index}`);
  const due = records.filter(({ endMicros }) => endMicros + slackMicros < point).length;
  const possible = records.filter(({ beginMicros }) => beginMicros < point + slackMicros).length;
  assert.ok(lines.length >= due, `${lines.length} records, ${due} were acknowledged before`);
  assert.ok(lines.length <= possible, `${lines.length} records, ${possible} were begun before`);
}
