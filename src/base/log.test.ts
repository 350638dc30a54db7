import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Clock } from './clock.ts';
import { SecondwindError } from './errors.ts';
import { createLogger, type Logger, type LoggerOptions, silentLogger } from './log.ts';

const clock: Clock = {
  nowMicros: () => 1_700_000_000_123_456,
  steadyMs: () => 0,
  sleep: async () => undefined,
};

function recorded(options: Partial<LoggerOptions>): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const write = (line: string): number => lines.push(line);
  const logger = createLogger({ level: 'debug', format: 'json', clock, write, ...options });
  return { logger, lines };
}

function fieldsOf(lines: readonly string[]): Record<string, unknown> {
  assert.equal(lines.length, 1);
  return JSON.parse(lines[0]!) as Record<string, unknown>;
}

describe('a logger', () => {
  test('writes one JSON object a line', () => {
    const { logger, lines } = recorded({});
    logger.with({ machine: 'web' }).info('A commit was stored', { sequence: 3, disk: undefined });
    assert.deepEqual(fieldsOf(lines), {
      time: '2023-11-14T22:13:20.123Z',
      level: 'info',
      message: 'A commit was stored',
      machine: 'web',
      sequence: 3,
    });
    assert(lines[0]!.endsWith('}\n'));
  });

  test('writes words for people', () => {
    const { logger, lines } = recorded({ format: 'human' });
    logger.warn('Spool is filling', { percent: 80, path: 'a b' });
    assert.deepEqual(lines, [
      '2023-11-14T22:13:20.123Z WARN  Spool is filling percent=80 path="a b"\n',
    ]);
  });

  test('leaves out what matters less', () => {
    const { logger, lines } = recorded({ level: 'warn' });
    logger.debug('a');
    logger.info('b');
    logger.warn('c');
    logger.error('d');
    assert.deepEqual(
      lines.map((line) => fieldsOf([line])['level']),
      ['warn', 'error'],
    );
  });

  test('a fact cannot take the place of time, level or message', () => {
    const { logger, lines } = recorded({});
    logger.error('real', { message: 'forged', level: 'info', time: 'never' });
    assert.equal(fieldsOf(lines)['message'], 'real');
    assert.equal(fieldsOf(lines)['level'], 'error');
  });

  test('no value breaks out of its line or drives a terminal', () => {
    const { logger, lines } = recorded({ format: 'human' });
    logger.info('x\ny\u001b[2J', { disk: 'a\nforged', 'od\nd': 1 });
    assert.equal(lines.length, 1);
    assert.doesNotMatch(lines[0]!.slice(0, -1), /\p{C}/u);
  });

  test('tells the code and all causes of an error, and the stack of a bug', () => {
    const { logger, lines } = recorded({});
    const cause = new Error('EIO: i/o error');
    const data = { action: 'Writing', file: 'a.seg', reason: 'EIO' };
    logger.error('x', { error: new SecondwindError('IO_FAILED', data, cause) });
    assert.equal(fieldsOf(lines)['errorCode'], 'IO_FAILED');
    assert.equal(
      fieldsOf(lines)['error'],
      'Writing failed on a.seg: EIO. | because: EIO: i/o error',
    );
    const bug = recorded({});
    bug.logger.error('x', { error: cause });
    assert.match(String(fieldsOf(bug.lines)['errorStack']), /log\.test\.ts/);
  });

  test('cuts a value that is too long', () => {
    const { logger, lines } = recorded({});
    logger.info('y'.repeat(100_000), { text: 'x'.repeat(100_000), list: ['z'.repeat(100_000)] });
    assert(lines[0]!.length < 15_000, String(lines[0]!.length));
  });

  test('writes what has no JSON form without failing', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const { logger, lines } = recorded({});
    logger.info('x', { circle, big: 5n, inside: { big: 5n }, none: null, call: () => 1 });
    assert.equal(fieldsOf(lines)['circle'], '[unprintable]');
    assert.equal(fieldsOf(lines)['big'], '5');
    assert.equal(fieldsOf(lines)['none'], null);
  });

  test('the silent one says nothing and can be asked for more of itself', () => {
    assert.equal(silentLogger.with({ machine: 'web' }), silentLogger);
  });
});

describe('secrets', () => {
  const hidden = [
    'key',
    'keys',
    'masterKey',
    'master_key',
    'keyHex',
    'passphrase',
    'newPassphrase',
  ];
  for (const name of [
    ...hidden,
    'secret',
    'sharedSecret',
    'password',
    'token',
    'KEY',
    'wrapped-key',
  ]) {
    test(`a field named ${name} is never written`, () => {
      const { logger, lines } = recorded({});
      logger.info('x', {
        [name]: 'hunter2',
        inside: { [name]: 'hunter2' },
        list: [{ [name]: 'hunter2' }],
      });
      assert.doesNotMatch(lines[0]!, /hunter2/);
      assert.match(lines[0]!, /\[hidden\]/);
    });
  }

  for (const name of ['keySlot', 'keyFile', 'monkey', 'donkeyBytes', 'keyboard']) {
    test(`a field named ${name} is written`, () => {
      const { logger, lines } = recorded({});
      logger.info('x', { [name]: 'laptop' });
      assert.match(lines[0]!, /laptop/);
    });
  }

  test('bytes are never written, wherever they stand', () => {
    const bytes = Buffer.from('hunter2');
    const { logger, lines } = recorded({});
    logger.info('x', { data: bytes, inside: { bytes, buffer: new Uint8Array(bytes).buffer } });
    assert.doesNotMatch(lines[0]!, /104|hunter2/);
    assert.match(lines[0]!, /\[7 bytes\]/);
  });
});
