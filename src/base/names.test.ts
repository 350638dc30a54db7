import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isSecondwindError } from './errors.ts';
import { checkName, parseDiskName, parseMachineOrDiskName } from './names.ts';

function usageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    assert(isSecondwindError(error, 'USAGE'), String(error));
    return error.message;
  }
  assert.fail('it was accepted');
}

describe('checkName', () => {
  for (const name of ['web', 'web-1', 'db_main.example', 'Büro', '東京', '7', 'a'.repeat(128)]) {
    test(`accepts ${name.slice(0, 20)}`, () => {
      assert.equal(checkName('machine', name), name);
    });
  }

  test('refuses with the reason', () => {
    assert.equal(
      usageOf(() => checkName('machine', '')),
      'The machine name "" is empty.',
    );
    assert.match(
      usageOf(() => checkName('disk', '.hidden')),
      /begins with a dot/,
    );
    assert.match(
      usageOf(() => checkName('disk', '-rf')),
      /begins with a dot or a dash/,
    );
    assert.match(
      usageOf(() => checkName('disk', 'a b')),
      /holds " "/,
    );
    assert.match(
      usageOf(() => checkName('disk', 'a/b')),
      /holds "\/"/,
    );
    assert.match(
      usageOf(() => checkName('disk', 'a'.repeat(129))),
      /129 bytes long, more than 128/,
    );
    assert.match(
      usageOf(() => checkName('disk', '東'.repeat(43))),
      /129 bytes long/,
    );
  });

  test('the same letters are the same name, however they were typed', () => {
    assert.equal(checkName('machine', 'Bu\u0308ro'), checkName('machine', 'Büro'));
  });

  test('what it accepts is safe in a path, and its messages are clean', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          assert.doesNotMatch(checkName('disk', text), /^\.|[/\\\s\p{C}]/u);
        } catch (error) {
          assert(isSecondwindError(error, 'USAGE'), String(error));
          assert.doesNotMatch(error.message, /\p{C}/u);
        }
      }),
    );
  });
});

describe('names of disks', () => {
  test('are a machine and a disk', () => {
    assert.deepEqual(parseDiskName('web/root'), { machine: 'web', disk: 'root' });
    assert.deepEqual(parseMachineOrDiskName('web/root'), { machine: 'web', disk: 'root' });
    assert.deepEqual(parseMachineOrDiskName('web'), { machine: 'web' });
  });

  test('are refused with the reason', () => {
    assert.match(
      usageOf(() => parseDiskName('web')),
      /MACHINE\/DISK/,
    );
    assert.match(
      usageOf(() => parseDiskName('web/root/x')),
      /MACHINE\/DISK/,
    );
    assert.match(
      usageOf(() => parseDiskName('/root')),
      /machine name "" is empty/,
    );
    assert.match(
      usageOf(() => parseDiskName('web/')),
      /disk name "" is empty/,
    );
    assert.match(
      usageOf(() => parseMachineOrDiskName('')),
      /machine name "" is empty/,
    );
  });
});
