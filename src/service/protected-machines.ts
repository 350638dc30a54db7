import { SecondwindError } from '../base/errors.ts';
import { guestsMax } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import { checkName } from '../base/names.ts';
import type { Random } from '../base/random.ts';
import type { GuestConnector } from '../qemu/connect-guest.ts';
import { listGuestDisks } from '../qemu/guest-disks.ts';
import { describeGuest, type GuestAddress } from '../qemu/guest-monitor.ts';
import type { AgentReport } from './agent-report.ts';
import { checkWindow } from './capture-window.ts';
import type { Catalogue } from './catalogue.ts';
import type { GuestRow } from './catalogue-row.ts';
import type { DiskActivity, DiskReport } from './disk-report.ts';
import type { LiveGuests } from './live-guests.ts';
import type { GuestOrder, MachineReport } from './machine-report.ts';
import { serverNames } from './server-names.ts';
import type { AgentCases, DiskCases, MachineCases } from './use-cases.ts';

/** What protecting machines needs. */
export interface ProtectedMachinesParts {
  /** Which guests are protected, and which machines are one server. */
  readonly catalogue: Catalogue;
  /** The guests that are mirrored. */
  readonly guests: LiveGuests;
  /** What their disks do. */
  readonly disks: Pick<DiskCases, 'list'>;
  /** Machines that send themselves. */
  readonly agents: Pick<AgentCases, 'list'>;
  /** Looks at a guest before it is protected. */
  readonly connect: GuestConnector;
  /** Makes tokens. */
  readonly random: Random;
  /** Hears of guests that cannot be protected. */
  readonly log: Logger;
}

const libvirtUriDefault = 'qemu:///system';
/** Where libvirt's QEMU processes may make and use sockets; owned by their user. */
const libvirtFolder = '/var/lib/libvirt/qemu';

/** From good to bad. */
const ranking: readonly DiskActivity[] = [
  ...(['history', 'idle', 'scanning', 'protecting', 'paused', 'queueing'] as const),
  ...(['filling', 'spooling', 'away', 'gap', 'failed'] as const),
];

/** Protecting machines: see MachineCases. */
export class ProtectedMachines implements MachineCases {
  readonly #parts: ProtectedMachinesParts;

  /** @param parts - see ProtectedMachinesParts */
  constructor(parts: ProtectedMachinesParts) {
    this.#parts = parts;
  }

  /** Takes up every guest of the catalogue. One that cannot be taken up keeps nobody else from it. */
  async startAll(): Promise<void> {
    const { catalogue, guests, log } = this.#parts;
    for (const row of catalogue.guests()) {
      try {
        await guests.start(row);
      } catch (error) {
        log.error('A guest cannot be protected', { machine: row.machine, error });
      }
    }
  }

  /** @inheritdoc */
  list(): readonly MachineReport[] {
    const { catalogue, disks } = this.#parts;
    const byMachine = Map.groupBy(disks.list(), ({ machine }) => machine);
    const rows = new Map(catalogue.guests().map((row) => [row.machine, row]));
    const agents = new Map(this.#parts.agents.list().map((agent) => [agent.machine, agent]));
    const names = [...new Set([...byMachine.keys(), ...rows.keys(), ...agents.keys()])].sort();
    const servers = serverNames(names, catalogue.links());
    return names
      .map((machine) =>
        this.#describe(rows.get(machine), {
          machine,
          server: servers.get(machine)!,
          disks: byMachine.get(machine) ?? [],
          agent: agents.get(machine),
        }),
      )
      .toSorted((left, right) => compare(left.server, right.server));
  }

  /** @inheritdoc */
  async protect(order: GuestOrder): Promise<MachineReport> {
    const { catalogue, guests } = this.#parts;
    const row = this.#rowOf(order);
    this.#assertFree(row.machine);
    await this.#assertDisks(row);
    await guests.start(row);
    try {
      catalogue.putGuest(row);
    } catch (error) {
      await guests.stop(row.machine);
      throw error;
    }
    return this.#report(row.machine);
  }

  /** @inheritdoc */
  async unprotect(machine: string): Promise<MachineReport> {
    const { catalogue, guests } = this.#parts;
    if (!catalogue.guests().some((row) => row.machine === machine)) {
      throw new SecondwindError('NOT_FOUND', { what: 'protected guest', name: machine });
    }
    await guests.stop(machine);
    const report = this.#report(machine);
    catalogue.removeGuest(machine);
    return this.list().find((each) => each.machine === machine) ?? { ...report, state: 'history' };
  }

  /** @inheritdoc */
  link(machine: string, other: string): readonly MachineReport[] {
    const { catalogue } = this.#parts;
    for (const name of [machine, other]) this.#report(name);
    if (machine === other) {
      const reason = `${machine} is one server with itself already; name two machines`;
      throw new SecondwindError('USAGE', { reason });
    }
    catalogue.putLink({ machine, other });
    return this.#serverOf(machine);
  }

  /** @inheritdoc */
  unlink(machine: string): readonly MachineReport[] {
    this.#report(machine);
    this.#parts.catalogue.removeLinks(machine);
    return this.#serverOf(machine);
  }

  #serverOf(machine: string): readonly MachineReport[] {
    const { server } = this.#report(machine);
    return this.list().filter((each) => each.server === server);
  }

  #report(machine: string): MachineReport {
    const report = this.list().find((each) => each.machine === machine);
    if (report !== undefined) return report;
    throw new SecondwindError('UNKNOWN_MACHINE', { machine });
  }

  #describe(
    row: GuestRow | undefined,
    known: {
      readonly machine: string;
      readonly server: string;
      readonly disks: readonly DiskReport[];
      readonly agent: AgentReport | undefined;
    },
  ): MachineReport {
    const states = known.disks.map(({ state }) => state);
    const status = this.#parts.guests.status(known.machine);
    const reason =
      status?.reason ?? known.disks.map((disk) => disk.reason).find((each) => each !== undefined);
    const state = row !== undefined && known.disks.length === 0 ? 'away' : worst(states);
    return {
      machine: known.machine,
      server: known.server,
      ...(row === undefined ? {} : { guest: describeGuest(row.address) }),
      ...(row?.agent === undefined ? {} : { agent: agentWords(row.agent) }),
      ...sentBy(known.agent),
      state,
      ...(reason === undefined ? {} : { reason }),
      disks: known.disks.map(({ disk }) => disk),
    };
  }

  #rowOf(order: GuestOrder): GuestRow {
    const machine = checkName('machine', order.machine);
    const { disks = [], socketFolder } = order;
    const address = addressOf(order);
    const folderDefault = address.kind === 'libvirt' ? libvirtFolder : '';
    const bytes = new Uint8Array(3);
    this.#parts.random.fill(bytes);
    return {
      machine,
      address,
      agent: agentOf(order, address),
      wanted: disks,
      paused: [],
      windowMs: checkWindow(order.windowMs),
      socketFolder: socketFolder ?? folderDefault,
      token: Buffer.from(bytes).toString('hex'),
    };
  }

  #assertFree(machine: string): void {
    const { catalogue } = this.#parts;
    const rows = catalogue.guests();
    const isTaken = [...rows, ...catalogue.disks(), ...catalogue.agents()].some(
      (row) => row.machine === machine,
    );
    if (isTaken) {
      throw new SecondwindError('ALREADY_EXISTS', { what: 'protected machine', name: machine });
    }
    if (rows.length < guestsMax) return;
    const data = { what: 'The number of protected guests', value: rows.length + 1 };
    throw new SecondwindError('LIMIT_EXCEEDED', { ...data, limit: guestsMax });
  }

  /** Whoever asks should hear at once that the guest cannot be reached, or has no such disk. */
  async #assertDisks({ address, wanted }: GuestRow): Promise<void> {
    const listener = { event: () => undefined, closed: () => undefined };
    const monitor = await this.#parts.connect(address, listener);
    try {
      const found = await listGuestDisks(monitor);
      const known = new Set(found.flatMap(({ name, aliases }) => [name, ...aliases]));
      const missing = wanted.find((word) => !known.has(word));
      if (missing !== undefined) {
        throw new SecondwindError('NOT_FOUND', {
          what: 'writable disk of the guest',
          name: missing,
        });
      }
    } finally {
      monitor.close();
    }
  }
}

function addressOf({
  qmp,
  libvirtDomain,
  libvirtUri = libvirtUriDefault,
}: GuestOrder): GuestAddress {
  if ((qmp === undefined) === (libvirtDomain === undefined)) {
    throw new SecondwindError('USAGE', {
      reason: 'Name the guest by its QMP socket or its domain',
    });
  }
  if (qmp !== undefined) return { kind: 'qmp', path: qmp };
  return { kind: 'libvirt', domain: libvirtDomain!, uri: libvirtUri };
}

function agentOf(order: GuestOrder, address: GuestAddress): GuestRow['agent'] {
  if (order.guestAgent !== undefined) return { kind: 'socket', path: order.guestAgent };
  return address.kind === 'libvirt' ? address : undefined;
}

function sentBy(
  agent: AgentReport | undefined,
): Pick<MachineReport, 'agent' | 'lastHeard' | 'lagMs'> {
  if (agent === undefined) return {};
  const { state, peer, lastHeard, lagMs } = agent;
  return {
    agent: peer === undefined ? state : `${state} from ${peer}`,
    ...(lastHeard === undefined ? {} : { lastHeard }),
    ...(lagMs === undefined ? {} : { lagMs }),
  };
}

function agentWords(agent: NonNullable<GuestRow['agent']>): string {
  return agent.kind === 'socket' ? agent.path : describeGuest(agent);
}

function worst(states: readonly DiskActivity[]): DiskActivity {
  return states.reduce(
    (found, state) => (ranking.indexOf(state) > ranking.indexOf(found) ? state : found),
    'history',
  );
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
