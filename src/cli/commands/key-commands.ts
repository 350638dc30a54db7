import { randomBytes } from 'node:crypto';
import { constants, open, readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { fromSystemError, SecondwindError } from '../../base/errors.ts';
import type { AddedKeyReport, KeyOrder, KeyReport } from '../../service/key-report.ts';
import { apiPath } from '../api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandGroup, commandOf } from '../command-words.ts';
import { table } from '../output/table.ts';
import { askSecret } from '../prompt.ts';
import { readPassphrase } from '../secret-file.ts';

interface AddOptions {
  readonly passphrase?: boolean;
  readonly passphraseFile?: string;
  readonly keyFile?: string;
  readonly recovery?: boolean;
  readonly label?: string;
}

const keyBytes = 32;

/**
 * The commands `key add|remove|list`.
 * @param context - the world
 */
export function keyCommands(context: CommandContext): Command {
  return commandGroup('key', 'Say who can open the repository', [
    addCommand(context),
    listCommand(context),
    removeCommand(context),
  ]);
}

function addCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'add',
    summary: 'Add a key that opens the repository',
    details: [
      'Secrets are typed, or read from a file; never given as an argument, where others could see them.',
      'A recovery key is printed once: write it on paper and keep it away from this machine.',
    ],
    examples: [
      'secondwind key add --passphrase --label "admins"',
      'secondwind key add --passphrase-file - < passphrase.txt',
      'secondwind key add --recovery',
      'secondwind key add --key-file /media/usb/secondwind.key',
    ],
    exits: [8, 9],
  })
    .option('--passphrase', 'ask for a passphrase, twice')
    .option('--passphrase-file <file>', 'read the passphrase from a file, or from "-"')
    .option('--recovery', 'make a recovery key and print it once')
    .option('--key-file <file>', 'a file of 32 random bytes; made when it is not there')
    .option('--label <words>', 'words that say whose key it is')
    .action(async (options: AddOptions, command: Command) => {
      const session = new CommandSession(context, command);
      const body = await keyOrder(session, options);
      const key = await session.call<AddedKeyReport>({
        method: 'POST',
        path: apiPath(['keys']),
        body,
      });
      session.print(key, () => addedText(key));
    });
}

async function keyOrder(session: CommandSession, options: AddOptions): Promise<KeyOrder> {
  const ways = [options.passphrase, options.passphraseFile, options.recovery, options.keyFile];
  if (ways.filter((way) => way !== undefined).length !== 1) {
    const reason = 'Say which key: --passphrase, --passphrase-file, --recovery or --key-file';
    throw new SecondwindError('USAGE', { reason });
  }
  const label = options.label ?? '';
  if (options.recovery === true) return { kind: 'recovery', label };
  if (options.keyFile !== undefined) {
    const key = await readOrMakeKeyFile(session.path(options.keyFile));
    return { kind: 'key-file', keyBase64: key.toString('base64'), label };
  }
  const passphrase = await newPassphrase(session, options.passphraseFile);
  return { kind: 'passphrase', passphrase, label };
}

async function newPassphrase(session: CommandSession, file: string | undefined): Promise<string> {
  const { context } = session;
  if (file !== undefined) {
    return readPassphrase(context, file === '-' ? file : session.path(file));
  }
  const passphrase = await askSecret(context, 'New passphrase');
  if (passphrase === '') throw new SecondwindError('USAGE', { reason: 'The passphrase is empty' });
  if (passphrase !== (await askSecret(context, 'The same once more'))) {
    throw new SecondwindError('USAGE', {
      reason: 'The two passphrases differ; nothing was changed',
    });
  }
  return passphrase;
}

async function readOrMakeKeyFile(file: string): Promise<Buffer> {
  try {
    const key = await readFile(file);
    if (key.length === keyBytes) return key;
    throw new SecondwindError('USAGE', {
      reason: `${file} does not hold exactly ${keyBytes} bytes`,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw fromSystemError(error, 'Reading', file);
  }
  return makeKeyFile(file);
}

/** The key must be on the disk before a slot depends on it. */
async function makeKeyFile(file: string): Promise<Buffer> {
  const key = randomBytes(keyBytes);
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
    await using handle = await open(file, flags, 0o600);
    await handle.writeFile(key);
    await handle.sync();
  } catch (error) {
    throw fromSystemError(error, 'Writing', file);
  }
  return key;
}

function addedText(key: AddedKeyReport): string {
  const added = `Key slot ${key.id} (${key.kind}) is added.\n`;
  if (key.recoveryKey === undefined) return added;
  return (
    `${added}\nRecovery key, shown this once only. Write it on paper and keep it away from this machine:\n\n` +
    `${key.recoveryKey
      .split(' ')
      .map((group, index) => `  ${index + 1}  ${group}`)
      .join('\n')}\n\n` +
    'Each line holds its own checksum, so a slip of the pen is found and named when it is typed in.\n'
  );
}

function listCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'list',
    summary: 'List the keys that open the repository',
    examples: ['secondwind key list'],
    exits: [9],
  }).action(async (_options: object, command: Command) => {
    const session = new CommandSession(context, command);
    const keys = await session.call<KeyReport[]>({ method: 'GET', path: apiPath(['keys']) });
    session.print(keys, () =>
      table(
        [{ title: 'KEY' }, { title: 'KIND' }, { title: 'MADE' }, { title: 'LABEL' }],
        keys.map((key) => [key.id, key.kind, session.cell(key.created), key.label]),
      ),
    );
  });
}

function removeCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'remove <key>',
    summary: 'Remove a key; the last one cannot be removed',
    examples: ['secondwind key remove 3f9a6c2e51d0b784'],
    exits: [3, 4, 8, 9],
  }).action(async (id: string, _options: object, command: Command) => {
    const session = new CommandSession(context, command);
    const path = apiPath(['keys', id]);
    const key = await session.call<KeyReport>({ method: 'DELETE', path });
    session.print(key, () => `Key slot ${key.id} (${key.kind}) is removed.\n`);
  });
}
