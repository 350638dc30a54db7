import { join } from 'node:path';
import { buildApi } from '../api/build-api.ts';
import { checkSocketPath, listenLocally } from '../api/local-socket.ts';
import type { Clock } from '../base/clock.ts';
import { SecondwindError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { secureRandom } from '../base/random.ts';
import type { RunningServer } from '../cli/command-context.ts';
import { ThreadPipeline } from '../pipeline/thread-pipeline.ts';
import {
  createRepository,
  FolderIndexHome,
  isRepository,
  openRepository,
  type Repository,
} from '../repository/index.ts';
import { assembleUseCases } from '../service/assemble-use-cases.ts';
import { takeDataFolder } from '../service/owner-lock.ts';
import { LocalStorage } from '../storage/local-storage.ts';
import { checkPrograms } from './check-programs.ts';
import { CloseStack } from './close-stack.ts';
import { kernelProgram } from './kernel-program.ts';
import { keyHints } from './key-hints.ts';
import { mountProgram } from './mount-program.ts';
import { findSecret, type SecretSources } from './repository-secret.ts';
import { threadCount } from './thread-count.ts';

/** What a server is started with. */
export interface ServerOptions {
  /** Where its key comes from, and its data lies. */
  readonly secrets: Omit<SecretSources, 'isNew'>;
  /** Path of its local socket. */
  readonly socketPath: string;
  /** Version of the program. */
  readonly version: string;
  /** This process. */
  readonly pid: number;
  /** Path or name of virsh. */
  readonly virsh: string;
  /** Where to listen for agents; undefined: nowhere. */
  readonly listenAgents: string | undefined;
  /** Tells the time. */
  readonly clock: Clock;
  /** Hears what happens. */
  readonly log: Logger;
}

/**
 * Starts a server: takes the data folder, opens or makes its repository, takes up what was protected and open, and listens.
 * @param options - see ServerOptions
 * @throws IN_USE, WRONG_KEY, USAGE, DAMAGED, NEWER_FORMAT, IO_FAILED, NO_SPACE
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { socketPath, version, pid, clock, log, virsh, listenAgents } = options;
  const { dataFolder } = options.secrets;
  const closing = new CloseStack();
  checkSocketPath(socketPath);
  try {
    const catalogue = await takeDataFolder(dataFolder, { pid, nowMicros: clock.nowMicros() });
    closing.push(() => catalogue.close());
    const repository = await openOrCreate(options, closing);
    const parts = {
      repository,
      catalogue,
      clock,
      random: secureRandom,
      log,
      mounter: mountProgram,
      checkPrograms,
      startKernelProgram: kernelProgram(),
    };
    const service = assembleUseCases({
      ...{ ...parts, dataFolder, version, pid, virsh, listenAgents },
    });
    closing.push(() => service.close());
    // Before anybody can ask: a disk that is about to be taken up must not look like one that failed.
    await service.start();
    const ending = new AbortController();
    const { useCases } = service;
    const app = await buildApi({ useCases, version, log, clock, signal: ending.signal });
    await listenLocally(app, socketPath);
    closing.push(async () => {
      ending.abort(new SecondwindError('INTERRUPTED', { action: 'The action' }));
      await app.close();
    });
    const hints = keyHints(await repository.keys(), dataFolder);
    return { socketPath, hints, close: () => closing.closeAll() };
  } catch (error) {
    await closing.closeAll();
    throw error;
  }
}

async function openOrCreate(options: ServerOptions, closing: CloseStack): Promise<Repository> {
  const { clock, log, secrets } = options;
  const storage = new LocalStorage(join(secrets.dataFolder, 'repository'));
  const isNew = !(await isRepository(storage));
  const secret = await findSecret({ ...secrets, isNew });
  if (isNew) await createRepository({ storage, secret, clock }, 'made at the first start');
  const pipeline = new ThreadPipeline(threadCount());
  closing.push(() => pipeline.close());
  const indexHome = new FolderIndexHome(join(secrets.dataFolder, 'index'));
  const repository = await openRepository({ storage, indexHome, pipeline, clock, log, secret });
  closing.push(() => repository.close());
  return repository;
}
