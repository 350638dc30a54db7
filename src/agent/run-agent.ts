import { readdir } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import { fromSystemError, isSecondwindError, SecondwindError } from '../base/errors.ts';
import { spoolBytesMax } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { formatBytes } from '../base/units.ts';
import { scanImage } from '../capture/scan/scan-image.ts';
import { openFileDisk } from '../disk/file-disk.ts';
import { CommitSpool } from '../exchange/send/commit-spool.ts';
import { ExchangeClient } from '../exchange/send/exchange-client.ts';
import { Throttle } from '../exchange/send/throttle.ts';
import { parseEnrolmentCode } from '../format/enrolment.ts';
import { AgentState } from './agent-state.ts';
import { type AgentOrder, agentHelp, type NamedDisk } from './agent-words.ts';
import { connectServer } from './connect-server.ts';
import { enrolMachine } from './enrol-machine.ts';

/** What the agent needs from the world. Only main/ makes one. */
export interface AgentContext {
  /** Tells the time. */
  readonly clock: Clock;
  /** Makes keys. */
  readonly random: Random;
  /** Hears what happens. */
  readonly log: Logger;
  /** Says something to people. */
  readonly say: (text: string) => void;
  /** Reads a secret from a file, or from standard input for "-". */
  readonly readSecret: (file: string) => Promise<string>;
  /** Absolute path of the folder where the order names none. */
  readonly stateFolderDefault: string;
  /** Zone of the times of the day; an IANA name. */
  readonly timeZone: string;
  /** Ends the work in order. */
  readonly signal: AbortSignal;
}

/** Data of one commit of a scan, bytes: two fit into the window of the exchange, so that one is packed while the other is stored. */
const scanCommitBytes = 4 * 1024 * 1024;

/**
 * Does what the command line asks for.
 * @param order - see AgentOrder
 * @param context - the world
 * @throws USAGE, NOT_ENROLLED, NOT_ADMITTED, SERVER_UNREACHABLE, IN_USE, NOT_A_DISK, IO_FAILED, NO_SPACE, INTERRUPTED
 */
export async function runAgent(order: AgentOrder, context: AgentContext): Promise<void> {
  const state = new AgentState(order.stateFolder ?? context.stateFolderDefault);
  switch (order.command) {
    case 'help': {
      context.say(agentHelp);
      return;
    }
    case 'enrol':
      return enrol(order, state, context);
    case 'status':
      return tellStatus(order, state, context);
    case 'scan':
    case 'run':
      return send(order, state, context);
  }
}

async function enrol(order: AgentOrder, state: AgentState, context: AgentContext): Promise<void> {
  const { server, codeFile } = order;
  await using taken = new AsyncDisposableStack();
  taken.use(await state.take());
  const code = parseEnrolmentCode(await context.readSecret(codeFile));
  const identity = await enrolMachine(server, code);
  await state.keep(identity);
  const { machine } = identity;
  tell(order, context, { machine, server }, `This machine is ${machine} on ${server} from now on.`);
}

async function tellStatus(
  order: AgentOrder,
  state: AgentState,
  context: AgentContext,
): Promise<void> {
  const { machine, server } = await state.identity();
  const names = await waitingFiles(state.spoolFolder);
  const waitingCount = names.filter((name) => name.endsWith('.commit')).length;
  const text = `machine: ${machine}\nserver: ${server}\ncommits that wait to be sent: ${waitingCount}`;
  tell(order, context, { machine, server, waitingCount }, text);
}

/** Before anything was sent there is no spool. */
async function waitingFiles(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fromSystemError(error, 'Reading', folder);
  }
}

async function send(order: AgentOrder, state: AgentState, context: AgentContext): Promise<void> {
  await using taken = new AsyncDisposableStack();
  taken.use(await state.take());
  const { clock, log, random, signal, timeZone } = context;
  const identity = await state.identity();
  const spool = await CommitSpool.open(state.spoolFolder, random);
  const refusal = Promise.withResolvers<never>();
  refusal.promise.catch(() => undefined);
  const client = new ExchangeClient({
    // Who waits for a scan wants to know; who runs for ever is let in again without anybody's help here.
    ...(order.command === 'scan' ? { refused: refusal.reject } : {}),
    ...{ machine: identity.machine, spool, clock, log, spoolBytesMax },
    connect: (ending) => connectServer(identity, ending),
    throttle: new Throttle({ rules: order.rules, clock, timeZone }),
  });
  try {
    const scanning = scanAll(order, client, identity.machine, context);
    await Promise.race([untilAborted(scanning, signal), refusal.promise]);
  } finally {
    await client.close();
  }
}

async function scanAll(
  order: AgentOrder,
  client: ExchangeClient,
  machine: string,
  context: AgentContext,
): Promise<void> {
  const { clock, signal, log } = context;
  for (;;) {
    for (const disk of order.disks) {
      try {
        await scan({ disk, client, machine }, order, context);
      } catch (error) {
        if (order.command === 'scan' || signal.aborted || isSecondwindError(error, 'INTERRUPTED')) {
          throw error;
        }
        log.error('A disk could not be scanned', { disk: disk.name, error });
      }
    }
    if (order.command === 'scan') return;
    await clock.sleep(order.everyMs, signal);
  }
}

async function scan(
  what: { readonly disk: NamedDisk; readonly client: ExchangeClient; readonly machine: string },
  order: AgentOrder,
  context: AgentContext,
): Promise<void> {
  const { clock, signal } = context;
  const { client, machine } = what;
  const { name, path } = what.disk;
  const disk = await openFileDisk(path, { clock, isReadOnly: true });
  try {
    const sentBefore = client.status.sentBytes;
    const { changedBytes, readBytes } = await scanImage({
      disk,
      name: { machine, disk: name },
      sink: client,
      views: client.disks,
      clock,
      signal,
      commitBytes: scanCommitBytes,
    });
    const sentBytes = client.status.sentBytes - sentBefore;
    const [compared, differed, sent] = [readBytes, changedBytes, sentBytes].map(formatBytes);
    const text = `${machine}/${name}: ${compared} compared, ${differed} differed, ${sent} sent`;
    tell(order, context, { machine, disk: name, readBytes, changedBytes, sentBytes }, text);
  } finally {
    await disk.close();
  }
}

/** Says one thing, to programs or to people. */
function tell({ isJson }: AgentOrder, { say }: AgentContext, document: object, text: string): void {
  say(`${isJson ? JSON.stringify(document) : text}\n`);
}

/** A server that is away must not keep the agent from ending. */
async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  work.catch(() => undefined);
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void =>
    reject(new SecondwindError('INTERRUPTED', { action: 'Sending' }, signal.reason));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
