import { once } from 'node:events';
import type { Command } from 'commander';
import type { CommandContext, ServeOrder } from '../command-context.ts';
import { CommandSession } from '../command-session.ts';
import { commandOf } from '../command-words.ts';
import { askSecret, canAsk } from '../prompt.ts';

interface ServeOptions {
  readonly passphraseFile?: string;
  readonly keyFile?: string;
  readonly recoveryKeyFile?: string;
  readonly listenAgents?: string;
}

/**
 * The command `serve`.
 * @param context - the world
 */
export function serveCommand(context: CommandContext): Command {
  return commandOf({
    usage: 'serve',
    summary: 'Start the server on a data folder; it runs until it is ended',
    details: [
      'The first start makes the repository, and a key file beside it. The server tells how to make that safe.',
      'Without --passphrase-file and the like it takes DATA/key, then $CREDENTIALS_DIRECTORY/passphrase',
      '(systemd: LoadCredential=passphrase:FILE), then asks at the terminal.',
      'SIGTERM and SIGINT end it in order; a second signal ends it at once.',
    ],
    examples: [
      'secondwind serve',
      'secondwind serve --data /srv/secondwind',
      'secondwind serve --listen-agents 0.0.0.0:7878',
      'secondwind serve --passphrase-file /run/keys/secondwind',
    ],
    exits: [4, 5, 6, 7, 8],
  })
    .option('--passphrase-file <file>', 'file that holds the passphrase; "-" is standard input')
    .option('--key-file <file>', 'file that holds a 32-byte key')
    .option('--recovery-key-file <file>', 'file that holds a recovery key as it was printed')
    .option('--listen-agents <address>', 'HOST:PORT at which agents of other machines connect')
    .action(async (options: ServeOptions, command: Command) => {
      const session = new CommandSession(context, command);
      const server = await context.startServer(serveOrder(session, options));
      try {
        const ready = { ready: true, socket: server.socketPath, data: session.dataFolder };
        session.print(
          ready,
          () => `secondwind serves ${session.dataFolder} at ${server.socketPath}\n`,
        );
        if (server.hints.length > 0) {
          context.errorOutput.write(`\n${server.hints.join('\n')}\n\n`);
        }
        if (!context.interruption.aborted) await once(context.interruption, 'abort');
        session.say('secondwind ends: storing what was captured…');
      } finally {
        await server.close();
      }
    });
}

function serveOrder(session: CommandSession, options: ServeOptions): ServeOrder {
  const { context, dataFolder, isJson } = session;
  const { passphraseFile, keyFile, recoveryKeyFile, listenAgents } = options;
  const fromInput = passphraseFile === '-';
  return {
    dataFolder,
    logFormat: isJson ? 'json' : 'human',
    ...(listenAgents === undefined ? {} : { listenAgents }),
    ...(passphraseFile === undefined
      ? {}
      : { passphraseFile: fromInput ? passphraseFile : session.path(passphraseFile) }),
    ...(keyFile === undefined ? {} : { keyFile: session.path(keyFile) }),
    ...(recoveryKeyFile === undefined ? {} : { recoveryKeyFile: session.path(recoveryKeyFile) }),
    ...(canAsk(context)
      ? { askPassphrase: () => askSecret(context, `Passphrase of ${dataFolder}`) }
      : {}),
  };
}
