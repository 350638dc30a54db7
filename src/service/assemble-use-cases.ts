import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { KernelCapture } from '../capture/kernel/kernel-capture.ts';
import type { StartKernelProgram } from '../capture/kernel/kernel-program.ts';
import { guestConnector } from '../qemu/connect-guest.ts';
import { agentConnector } from '../qemu/guest-agent.ts';
import type { Repository } from '../repository/index.ts';
import { Agents } from './agents.ts';
import { assembleFileCases } from './assemble-file-cases.ts';
import { Bookmarks } from './bookmarks.ts';
import type { Catalogue } from './catalogue.ts';
import { DiskExclusions } from './disk-exclusions.ts';
import { History } from './history.ts';
import { ImageScanner } from './image-scanner.ts';
import { Inspection } from './inspection.ts';
import { KeyCare } from './key-care.ts';
import { LiveDevices } from './live-devices.ts';
import { LiveGuests } from './live-guests.ts';
import { LiveTaps } from './live-taps.ts';
import { MachineCaptures } from './machine-captures.ts';
import { MomentFinder } from './moment-finder.ts';
import { isoMoment } from './moments.ts';
import type { Mounter } from './mounts/mounter.ts';
import { NbdListeners } from './nbd-listeners.ts';
import { OpenViews } from './open-views.ts';
import { ProtectedDisks } from './protected-disks.ts';
import { ProtectedMachines } from './protected-machines.ts';
import { QuiescedPoints } from './quiesced-points.ts';
import { Restores } from './restores.ts';
import type { StatusReport } from './status-report.ts';
import { StoreCare } from './store-care.ts';
import type { UseCases } from './use-cases.ts';
import type { CheckPrograms } from './verify/check-programs.ts';

/** What the use cases stand on. */
export interface ServiceParts {
  /** The open repository. */
  readonly repository: Repository;
  /** The open catalogue. */
  readonly catalogue: Catalogue;
  /** Tells the time. */
  readonly clock: Clock;
  /** Makes keys. */
  readonly random: Random;
  /** Hears what happens. */
  readonly log: Logger;
  /** Mounts what shows files. */
  readonly mounter: Mounter;
  /** Check file systems. */
  readonly checkPrograms: CheckPrograms;
  /** Starts the program that captures block devices. */
  readonly startKernelProgram: StartKernelProgram;
  /** Absolute path of the data folder. */
  readonly dataFolder: string;
  /** Version of the program. */
  readonly version: string;
  /** This process. */
  readonly pid: number;
  /** Path or name of virsh. */
  readonly virsh: string;
  /** Where to listen for agents, "HOST:PORT"; undefined: nowhere. */
  readonly listenAgents: string | undefined;
}

/** The use cases, alive. */
export interface Service {
  /** What people can ask. */
  readonly useCases: UseCases;
  /** Takes up all that was protected and open when the server ended. */
  start(): Promise<void>;
  /** Ends in order: clients, views, then capture, which stores what it has. */
  close(): Promise<void>;
}

/**
 * Puts the use cases together.
 * @param parts - see ServiceParts; repository and catalogue stay the caller's to close
 */
export function assembleUseCases(parts: ServiceParts): Service {
  const { repository, catalogue, clock, random, log, virsh, mounter, checkPrograms } = parts;
  const dataFolder = join(parts.dataFolder);
  const listeners = new NbdListeners(clock, log);
  const captures = new MachineCaptures({ repository, clock, random, log, dataFolder });
  const taps = new LiveTaps({ captures, listeners, clock });
  const kernel = new KernelCapture({ start: parts.startKernelProgram, clock, log });
  const devices = new LiveDevices({ captures, kernel, dataFolder });
  const connect = guestConnector({ clock, virsh });
  const connectAgent = agentConnector({ clock, random, virsh });
  const guests = new LiveGuests({ captures, listeners, connect, clock, log });
  const quiesced = new QuiescedPoints({ catalogue, captures, connectAgent, clock, log });
  const bookmarks = new Bookmarks(repository, quiesced, captures, clock);
  const moments = new MomentFinder(repository, captures, bookmarks, clock);
  const scanner = new ImageScanner(repository, clock);
  const live = { taps, devices, guests, captures, scanner };
  const exclusions = new DiskExclusions({ catalogue, repository, clock, log });
  const disks = new ProtectedDisks({ catalogue, repository, ...live, exclusions, log });
  const agents = new Agents({ repository, catalogue, clock, random, log, dataFolder });
  const machineParts = { catalogue, guests, disks, agents, connect, random, log };
  const machines = new ProtectedMachines(machineParts);
  const viewsParts = { catalogue, moments, listeners, exclusions, clock, random, log, dataFolder };
  const views = new OpenViews(viewsParts);
  const asked = { repository, moments, bookmarks, catalogue, listeners };
  const filesParts = { ...asked, clock, random, log, mounter, checkPrograms, dataFolder };
  const files = assembleFileCases(filesParts);
  const since = isoMoment(clock.nowMicros());
  const useCases: UseCases = {
    disks,
    exclusions,
    machines,
    agents,
    ...files.cases,
    views,
    history: new History({ repository, moments, bookmarks, catalogue, clock }),
    restores: new Restores({ repository, moments, taps, captures, exclusions, clock, dataFolder }),
    store: new StoreCare(repository, clock),
    keys: new KeyCare(repository, random),
    debug: new Inspection(repository, moments),
    status: () => ({
      ...serverStatus(parts, since),
      disks: disks.list(),
      views: views.list(),
      mounts: files.cases.mounts.list(),
      shares: files.cases.shares.list(),
      healthSchedules: files.cases.healthSchedules.list(),
      ...withCheck(files.runningCheck()),
    }),
  };
  return {
    useCases,
    start: async () => {
      await disks.startAll();
      await machines.startAll();
      await views.reopenAll();
      await files.start();
      if (parts.listenAgents !== undefined) await agents.listen(parts.listenAgents);
    },
    close: async () => {
      await agents.close();
      await files.close();
      await guests.close();
      await listeners.close();
      await views.closeAll();
      await devices.close();
      await captures.close();
      await taps.close();
    },
  };
}

/** What the status says of the server itself. */
function serverStatus(
  { version, pid, dataFolder, repository }: ServiceParts,
  since: string,
): Pick<StatusReport, 'version' | 'pid' | 'since' | 'dataFolder' | 'lastPoint'> {
  const { lastMicros } = repository;
  const lastPoint = lastMicros === 0 ? {} : { lastPoint: isoMoment(lastMicros) };
  return { version, pid, since, dataFolder: join(dataFolder), ...lastPoint };
}

function withCheck(healthCheck: StatusReport['healthCheck']): Pick<StatusReport, 'healthCheck'> {
  return healthCheck === undefined ? {} : { healthCheck };
}
