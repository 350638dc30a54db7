import assert from 'node:assert/strict';
import { closeSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { test } from 'node:test';
import type {
  CheckFindings,
  RebuildReport,
  StatsReport,
} from '../../src/service/repository-report.ts';
import type { TimelineReport } from '../../src/service/timeline-report.ts';
import { CommandRig } from './command-rig.ts';
import { protect, writeImage } from './disk-images.ts';

interface Region {
  readonly extents: readonly { readonly chunk?: string }[];
}

interface Segment {
  readonly entries: readonly {
    readonly type: string;
    readonly offsetBytes: number;
    readonly spanBytes: number;
  }[];
}

async function filledRig(rig: CommandRig): Promise<void> {
  writeImage(rig.path('a.img'), 8, 1);
  await protect(rig, 'a/root', rig.path('a.img'));
}

test('sizes, check, rebuild and debug on a healthy store', async (t) => {
  const rig = CommandRig.forTest(t);
  await rig.serve();
  const empty = await rig.json<StatsReport>(['stats']);
  assert.equal(empty.totalRatio, 0);
  await filledRig(rig);
  const stats = await rig.json<StatsReport>(['stats']);
  assert.equal(stats.logicalBytes, 2 * 1024 * 1024);
  assert.equal(stats.diskCount, 1);
  assert.ok(stats.compressionRatio > 1);
  assert.match(await rig.ok(['stats']), /captured +2 MiB/);
  for (const words of [['check'], ['check', '--sample', '50%'], ['check', '--all']]) {
    const findings = await rig.json<CheckFindings>(words);
    assert.equal(findings.isHealthy, true, words.join(' '));
  }
  assert.match(await rig.ok(['check', '--all']), /No damage was found/);
  const rebuilt = await rig.json<RebuildReport>(['rebuild']);
  const timeline = await rig.json<TimelineReport>(['timeline', 'a']);
  assert.equal(rebuilt.commitCount, timeline.points.length);
  assert.equal((await rig.json<CheckFindings>(['check', '--all'])).isHealthy, true);

  const region = await rig.json<Region>(['debug', 'region', 'a/root', '0']);
  const chunk = region.extents.find((extent) => extent.chunk !== undefined)?.chunk;
  assert.match(JSON.stringify(await rig.json(['debug', 'chunk', chunk!])), /segment/);
  assert.match(JSON.stringify(await rig.json(['debug', 'commit', 'a', '1'])), /"machine":"a"/);
  assert.ok((await rig.json<Segment>(['debug', 'segment', '1'])).entries.length > 0);
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['NOT_FOUND', ['debug', 'segment', '99']],
    ['NOT_FOUND', ['debug', 'chunk', 'ab'.repeat(32)]],
    ['USAGE', ['debug', 'chunk', 'ab']],
    ['UNKNOWN_MACHINE', ['debug', 'commit', 'nobody', '1']],
    ['NOT_FOUND', ['debug', 'commit', 'a', '9999']],
    ['USAGE', ['debug', 'segment', 'one']],
    ['USAGE', ['check', '--sample', '200%']],
  ];
  for (const [code, words] of cases) {
    assert.equal((await rig.failure(words)).code, code, words.join(' '));
  }
});

test('a damaged segment is named with the points it touches, and the exit code says so', async (t) => {
  const rig = CommandRig.forTest(t);
  const server = await rig.serve();
  await filledRig(rig);
  const { entries } = await rig.json<Segment>(['debug', 'segment', '1']);
  const group = entries.find((entry) => entry.type === 'group')!;
  await server.end();
  flipByte(
    `${rig.dataFolder}/repository/segments/00000001.seg`,
    group.offsetBytes + Math.floor(group.spanBytes / 2),
  );
  await rig.serve();
  const { code, stdout } = await rig.run(['check', '--all']);
  assert.equal(code, 7, stdout);
  assert.match(stdout, /damage: segments\/00000001\.seg at byte/);
  assert.match(stdout, /a\/root: \d+ MiB of the points from/);
  const restore = await rig.failure(['restore', 'a/root', '--at', 'now', '--to', 'x.img']);
  assert.equal(restore.code, 'DAMAGED');
  assert.equal(restore.exitCode, 7);
});

function flipByte(file: string, offsetBytes: number): void {
  assert.ok(offsetBytes < statSync(file).size);
  const handle = openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  readSync(handle, byte, 0, 1, offsetBytes);
  byte[0]! ^= 0x40;
  writeSync(handle, byte, 0, 1, offsetBytes);
  closeSync(handle);
}
