import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { NameIndex } from '../content/name-index/name-index.ts';
import type { Repository } from '../repository/index.ts';
import type { Bookmarks } from './bookmarks.ts';
import type { Catalogue } from './catalogue.ts';
import { ChangedFiles } from './changed-files.ts';
import { FileCopies } from './file-copies.ts';
import { FileVersions } from './file-versions.ts';
import { Files } from './files.ts';
import type { MomentFinder } from './moment-finder.ts';
import type { Mounter } from './mounts/mounter.ts';
import { Mounts } from './mounts/mounts.ts';
import { Shares } from './mounts/shares.ts';
import { NameIndexer } from './name-indexer.ts';
import { NameSearch } from './name-search.ts';
import type { NbdListeners } from './nbd-listeners.ts';
import { OpenedTrees } from './opened-trees.ts';
import type { UseCases } from './use-cases.ts';
import type { CheckPrograms } from './verify/check-programs.ts';
import type { RunningCheckReport } from './verify/health-report.ts';
import { HealthSchedules } from './verify/health-schedules.ts';
import { Verify } from './verify/verify.ts';

/** What the use cases of files stand on. */
export interface FilePartsOfService {
  readonly repository: Repository;
  readonly moments: MomentFinder;
  readonly bookmarks: Bookmarks;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly catalogue: Catalogue;
  readonly listeners: NbdListeners;
  readonly mounter: Mounter;
  readonly checkPrograms: CheckPrograms;
  /** Absolute path of the data folder. */
  readonly dataFolder: string;
}

/** The use cases of files, alive. */
export interface FileService {
  readonly cases: Pick<
    UseCases,
    | 'files'
    | 'copies'
    | 'fileVersions'
    | 'changedFiles'
    | 'names'
    | 'health'
    | 'healthSchedules'
    | 'mounts'
    | 'shares'
  >;
  /** The health check that runs now. */
  runningCheck(): RunningCheckReport | undefined;
  /** Removes what a killed server left, and begins to read names and check health now and then. */
  start(): Promise<void>;
  /** Ends mounts and shares, then what they stand on. */
  close(): Promise<void>;
}

/** Keys of the name index, bytes: to seal, to number files, to hide words. */
const nameKeyBytes = 96;

/**
 * Puts together what shows files as they stood.
 * @param parts - see FilePartsOfService
 */
export function assembleFileCases(parts: FilePartsOfService): FileService {
  const { repository, moments, bookmarks, clock, random, log, mounter, dataFolder } = parts;
  const trees = new OpenedTrees(repository, moments);
  const browse = { repository, trees, bookmarks, clock };
  const mounts = new Mounts({ browse, mounter, clock, log, dataFolder });
  const shares = new Shares({ browse, random, clock, log });
  const index = new NameIndex({
    file: join(dataFolder, 'names.sqlite'),
    key: repository.purposeKey('file names', nameKeyBytes),
  });
  const indexer = new NameIndexer({ index, repository, trees, clock, log });
  const health = new Verify({
    ...parts,
    programs: parts.checkPrograms,
    folder: join(dataFolder, 'verify'),
  });
  const healthSchedules = new HealthSchedules({ ...parts, verify: health });
  return {
    cases: {
      files: new Files(trees),
      copies: new FileCopies(trees),
      fileVersions: new FileVersions({ trees, repository, moments }),
      changedFiles: new ChangedFiles({ trees, repository }),
      names: new NameSearch(index, indexer),
      health,
      healthSchedules,
      mounts,
      shares,
    },
    runningCheck: () => health.running,
    start: async () => {
      await mounts.removeStale();
      await health.start();
      indexer.start();
      healthSchedules.start();
    },
    close: async () => {
      await healthSchedules.close();
      await health.close();
      await mounts.close();
      await shares.close();
      await indexer.close();
      await index.close();
      await trees.closeAll();
    },
  };
}
