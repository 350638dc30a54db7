import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { formatRecoveryKey } from '../service/recovery-key.ts';
import { CloseStack } from './close-stack.ts';
import { keyHints } from './key-hints.ts';
import { findSecret } from './repository-secret.ts';

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sw-secret-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const bytes = Buffer.alloc(32, 7);

test('a new repository gets a key file that only its owner can read, and finds it again', async (t) => {
  const dataFolder = folderFor(t);
  const made = await findSecret({ dataFolder, isNew: true });
  assert.equal(made.kind, 'key-file');
  assert.equal(statSync(join(dataFolder, 'key')).mode & 0o777, 0o600);
  assert.deepEqual(Buffer.from(made.secret), readFileSync(join(dataFolder, 'key')));
  assert.deepEqual(
    Buffer.from((await findSecret({ dataFolder, isNew: false })).secret),
    Buffer.from(made.secret),
  );
});

test('what is named goes before what lies about', async (t) => {
  const dataFolder = folderFor(t);
  const file = (name: string, content: string | Buffer): string => {
    writeFileSync(join(dataFolder, name), content);
    return join(dataFolder, name);
  };
  const sources = {
    dataFolder,
    isNew: false,
    credentialsFolder: dataFolder,
    askPassphrase: () => Promise.resolve('typed'),
  };
  const text = async (more: object): Promise<string> => {
    const { kind, secret } = await findSecret({ ...sources, ...more });
    return `${kind} ${Buffer.from(secret).toString()}`;
  };
  assert.equal(await text({}), 'passphrase typed');
  file('passphrase', 'from systemd\n');
  assert.equal(await text({}), 'passphrase from systemd');
  file('key', bytes);
  assert.equal(await text({}), `key-file ${bytes.toString()}`);
  const recoveryKeyFile = file('paper', formatRecoveryKey(bytes));
  assert.equal(await text({ recoveryKeyFile }), `recovery ${bytes.toString()}`);
  const keyFile = file('other', Buffer.alloc(32, 8));
  assert.equal(
    await text({ recoveryKeyFile, keyFile }),
    `key-file ${Buffer.alloc(32, 8).toString()}`,
  );
  assert.equal(await text({ keyFile, passphrase: 'u\u0308' }), 'passphrase ü');
});

test('without any key it says what to name, and takes no file for a key that is none', async (t) => {
  const dataFolder = folderFor(t);
  await assert.rejects(findSecret({ dataFolder, isNew: false }), /--passphrase-file/);
  writeFileSync(join(dataFolder, 'key'), 'short');
  await assert.rejects(findSecret({ dataFolder, isNew: true }), /exactly 32 bytes/);
  const large = join(dataFolder, 'large');
  writeFileSync(large, Buffer.alloc(100_000));
  await assert.rejects(
    findSecret({ dataFolder, isNew: false, recoveryKeyFile: large }),
    /too large/,
  );
});

test('the hint is there as long as a file is the only key', () => {
  const slot = { id: '1', label: '', created: '' };
  assert.ok(
    keyHints([{ ...slot, kind: 'key-file' }], '/data').some((line) => line.includes('/data/key')),
  );
  assert.deepEqual(
    keyHints(
      [
        { ...slot, kind: 'key-file' },
        { ...slot, kind: 'recovery' },
      ],
      '/data',
    ),
    [],
  );
});

test('everything is closed, newest first, even when something fails', async () => {
  const order: number[] = [];
  const stack = new CloseStack();
  stack.push(() => void order.push(1));
  stack.push(() => Promise.reject(new Error('broken')));
  stack.push(async () => void order.push(3));
  await assert.rejects(stack.closeAll(), /broken/);
  assert.deepEqual(order, [3, 1]);
  await stack.closeAll();
});
