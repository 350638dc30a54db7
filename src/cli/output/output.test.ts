import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SecondwindError } from '../../base/errors.ts';
import type { TimelineReport } from '../../service/timeline-report.ts';
import { failureText } from './error-text.ts';
import { inZone } from './moments-in-zone.ts';
import { ProgressLine } from './progress-line.ts';
import { factSheet, table } from './table.ts';
import { barOf, intervalsOf } from './timeline-picture.ts';

test('a table is aligned, leaves out empty columns, and lets nothing drive the terminal', () => {
  const columns = [{ title: 'NAME' }, { title: 'SIZE', isRight: true }, { title: 'NOTE' }];
  const text = table(columns, [
    ['a', '1', ''],
    ['Büro', '1,000', ''],
    ['\u001b[2Jevil', '7', ''],
  ]);
  assert.equal(text, 'NAME       SIZE\na             1\nBüro      1,000\n�[2Jevil      7\n');
  assert.equal(table(columns, []), 'NAME  SIZE  NOTE\n');
  assert.equal(
    factSheet([
      ['a', '1'],
      ['longer', '2'],
      ['gone', ''],
    ]),
    'a       1\nlonger  2\n',
  );
});

test('a bar is as long as its share, and never nothing for something', () => {
  assert.equal(barOf(0, 10), '');
  assert.equal(barOf(1, 10), '██████████');
  assert.equal(barOf(0.5, 2), '█');
  assert.equal(barOf(0.000_001, 10), '▏');
});

function pointAt(time: string, changedBytes: number): TimelineReport['points'][number] {
  const rest = {
    sequence: 1,
    consistency: 'crash',
    newBytes: 0,
    storedBytes: 1,
    disks: [],
  } as const;
  return { time, changedBytes, ...rest, notes: [] };
}

test('intervals are as clocks have them, and every point and gap is in one', () => {
  const timeline: TimelineReport = {
    machine: 'a',
    points: [
      pointAt('2026-11-21T14:00:03Z', 10),
      { ...pointAt('2026-11-21T14:00:04Z', 5), notes: [{ kind: 'bookmark', text: 'here' }] },
      pointAt('2026-11-21T14:59:59Z', 7),
    ],
    gaps: [{ disk: 'x', from: '2026-11-21T14:10:00Z', to: '2026-11-21T14:10:30Z' }],
    isCut: false,
    health: [],
  };
  const intervals = intervalsOf(timeline);
  assert.equal(intervals.length, 30);
  assert.equal(intervals[0]!.startMicros, Date.UTC(2026, 10, 21, 14) * 1000);
  assert.deepEqual(intervals[0]!.marks, ['◆ here']);
  assert.equal(
    intervals.reduce((sum, each) => sum + each.changedBytes, 0),
    22,
  );
  assert.deepEqual(
    intervals.flatMap((each, index) => (each.isGap ? [index] : [])),
    [5],
  );
  assert.deepEqual(intervalsOf({ ...timeline, points: [], gaps: [] }), []);
  const years = intervalsOf({
    ...timeline,
    points: [pointAt('2001-01-01T00:00:00Z', 1), pointAt('2026-01-01T00:00:00Z', 1)],
  });
  assert.ok(years.length <= 32);
});

test('progress is shown after two seconds: drawn anew on a terminal, as lines elsewhere', () => {
  let nowMs = 0;
  const clock = { nowMicros: () => 0, steadyMs: () => nowMs, sleep: () => Promise.resolve() };
  const mebibyte = 1024 * 1024;
  const outputs = [true, false].map((isTTY) => {
    nowMs = 0;
    let written = '';
    const sink = { isTTY, columns: 200, write: (text: string) => (written += text) };
    const line = new ProgressLine(sink, clock);
    for (; nowMs <= 12_000; nowMs += 100) {
      line.update({
        phase: 'Reading',
        done: (nowMs / 100) * mebibyte,
        total: 240 * mebibyte,
        unit: 'bytes',
      });
    }
    line.clear();
    return written;
  });
  assert.match(
    outputs[0]!,
    /Reading {2}▕█{12} +▏ {3}50 % {2}120 MiB of 240 MiB {2}10 MiB\/s {2}12\.0 s left/,
  );
  assert.ok(outputs[0]!.endsWith('\r\u001b[K'));
  assert.deepEqual(
    outputs[1]!.split('\n').map((line) => line.slice(0, 14)),
    ['Reading    8 %', 'Reading   29 %', 'Reading   50 %', ''],
  );
});

test('a failure is told to people with its advice, and to programs as JSON', () => {
  const error = new SecondwindError('UNKNOWN_MACHINE', { machine: 'a\u001b[31m' });
  const { text, exitCode } = failureText(error, false);
  assert.equal(exitCode, 3);
  assert.equal(text.split('\n')[0], 'secondwind: There is no machine named "a�[31m" here.');
  const document = JSON.parse(failureText(error, true).text) as Record<string, unknown>;
  assert.deepEqual(Object.keys(document), ['code', 'message', 'advice', 'data']);
  const bug = failureText(new TypeError('x is undefined'), false);
  assert.equal(bug.exitCode, 1);
  assert.match(bug.text, /inside Secondwind: TypeError: x is undefined/);
});

test('moments in an error are shown in the zone of the reader, everything else as it is', () => {
  const error = new SecondwindError('NO_POINT_YET', {
    disk: 'a/b',
    asked: '2026-11-21T13:05:09.250Z',
    first: 'not there yet',
  });
  const shown = inZone(error, 'Europe/Berlin') as SecondwindError;
  assert.match(
    shown.message,
    /at or before 2026-11-21 14:05:09\.250 \+01:00 \(Europe\/Berlin\): the first one is not there yet/,
  );
  assert.equal(inZone('text', 'UTC'), 'text');
});
