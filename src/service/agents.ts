import { createPublicKey } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { formatEndpoint, parseEndpoint } from '../base/endpoint.ts';
import { SecondwindError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { checkName } from '../base/names.ts';
import type { Random } from '../base/random.ts';
import { openRandomFile } from '../capture/random-file.ts';
import { ExchangeReceiver } from '../exchange/receive/exchange-receiver.ts';
import { authorityOfKey, formatEnrolmentCode } from '../format/enrolment.ts';
import type { Repository } from '../repository/index.ts';
import { openAuthority } from '../trust/authority-file.ts';
import { EnrolmentCodes } from '../trust/enrolment-codes.ts';
import { AgentListener } from './agent-listener.ts';
import type { AgentReport, EnrolmentReport } from './agent-report.ts';
import type { Catalogue } from './catalogue.ts';
import type { AgentRow } from './catalogue-row.ts';
import { isoMoment } from './moments.ts';
import type { AgentCases } from './use-cases.ts';

/** What agents need. */
export interface AgentsParts {
  /** Where their commits go. */
  readonly repository: Repository;
  /** Who they are. */
  readonly catalogue: Catalogue;
  /** Tells the time. */
  readonly clock: Clock;
  /** Makes codes and nonces. */
  readonly random: Random;
  /** Hears what happens. */
  readonly log: Logger;
  /** Absolute path of the data folder. */
  readonly dataFolder: string;
}

interface Listening {
  readonly listener: AgentListener;
  /** "HOST:PORT". */
  readonly address: string;
  /** As codes name the authority. */
  readonly authority: Uint8Array;
}

/** Agents of other machines: see AgentCases. */
export class Agents implements AgentCases {
  readonly #parts: AgentsParts;
  readonly #codes: EnrolmentCodes;
  readonly #receiver: ExchangeReceiver;
  #listening: Listening | undefined;

  /** @param parts - see AgentsParts */
  constructor(parts: AgentsParts) {
    this.#parts = parts;
    const { repository, clock, log, random, dataFolder } = parts;
    this.#codes = new EnrolmentCodes(clock, random);
    const folder = join(dataFolder, 'inbox');
    const openJournal = async (machine: string) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      return openRandomFile(join(folder, `${machine}.journal`));
    };
    this.#receiver = new ExchangeReceiver({ repository, openJournal, clock, log });
  }

  /**
   * Listens for agents.
   * @param address - "HOST:PORT"
   * @returns the address, with the port that was chosen
   * @throws USAGE, IN_USE, IO_FAILED, NO_SPACE, DAMAGED
   */
  async listen(address: string): Promise<string> {
    const { repository, random, dataFolder, clock, log } = this.#parts;
    const folder = join(dataFolder, 'trust');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const sealKey = repository.purposeKey('authority of agents', 32);
    const authority = await openAuthority({
      file: join(folder, 'authority.json'),
      sealKey,
      random,
    });
    const endpoint = parseEndpoint(address);
    const listener = await AgentListener.start(endpoint, {
      authority,
      codes: this.#codes,
      admit: (machine, fingerprint) => this.#admit(machine, fingerprint),
      machineOf: (fingerprint) => this.#machineOf(fingerprint),
      serve: (machine, socket, peer) => this.#serve(machine, { machine, stream: socket, peer }),
      clock,
      log,
    });
    const host = endpoint.kind === 'tcp' ? endpoint.host : '';
    const chosen = formatEndpoint({ kind: 'tcp', host, port: listener.port });
    const publicKey = createPublicKey(authority.certificate).export({
      type: 'spki',
      format: 'der',
    });
    this.#listening = { listener, address: chosen, authority: authorityOfKey(publicKey) };
    return chosen;
  }

  /** @inheritdoc */
  list(): readonly AgentReport[] {
    return this.#parts.catalogue.agents().map((row) => this.#report(row));
  }

  /** @inheritdoc */
  enrol(name: string): EnrolmentReport {
    const machine = checkName('machine', name);
    const listening = this.#listening;
    if (listening === undefined) {
      const reason =
        'This server does not listen for agents: start it with --listen-agents HOST:PORT';
      throw new SecondwindError('USAGE', { reason });
    }
    const { catalogue } = this.#parts;
    const others = [...catalogue.guests(), ...catalogue.disks()];
    if (others.some((row) => row.machine === machine)) {
      throw new SecondwindError('ALREADY_EXISTS', { what: 'protected machine', name: machine });
    }
    const { secret, untilMicros } = this.#codes.issue(machine);
    const code = formatEnrolmentCode({ authority: listening.authority, secret });
    return { machine, code, until: isoMoment(untilMicros), listen: listening.address };
  }

  /** @inheritdoc */
  async revoke(machine: string): Promise<AgentReport> {
    const { catalogue, clock } = this.#parts;
    const row = catalogue.agents().find((each) => each.machine === machine);
    if (row === undefined) throw new SecondwindError('NOT_FOUND', { what: 'agent', name: machine });
    this.#codes.void(machine);
    const revoked = { ...row, revokedMicros: clock.nowMicros() };
    catalogue.putAgent(revoked);
    await this.#receiver.cut(machine, 'NOT_ADMITTED');
    return this.#report(revoked);
  }

  /** Ends every connection, and stores what is being stored. */
  async close(): Promise<void> {
    await this.#receiver.close();
    await this.#listening?.listener.close();
  }

  #machineOf(fingerprint: string): string | undefined {
    const rows = this.#parts.catalogue.agents();
    return rows.find((row) => row.fingerprint === fingerprint && row.revokedMicros === 0)?.machine;
  }

  /** A certificate of before is worth nothing from now on. */
  #admit(machine: string, fingerprint: string): void {
    const { catalogue, clock } = this.#parts;
    const enrolledMicros = clock.nowMicros();
    catalogue.putAgent({ machine, fingerprint, enrolledMicros, revokedMicros: 0, heardMicros: 0 });
    void this.#receiver.cut(machine, 'the machine was enrolled again');
  }

  async #serve(machine: string, link: Parameters<ExchangeReceiver['serve']>[0]): Promise<void> {
    await this.#receiver.serve(link);
    const { catalogue, clock } = this.#parts;
    const row = catalogue.agents().find((each) => each.machine === machine);
    if (row !== undefined) catalogue.putAgent({ ...row, heardMicros: clock.nowMicros() });
  }

  #report(row: AgentRow): AgentReport {
    const { machine, enrolledMicros, revokedMicros } = row;
    const { repository, clock } = this.#parts;
    const status = this.#receiver.status(machine);
    const heardMicros = status?.heardMicros ?? row.heardMicros;
    const connected = status?.peer === undefined ? 'away' : 'connected';
    const points = repository
      .disks()
      .flatMap(({ name, lastPointMicros }) =>
        name.machine === machine ? [lastPointMicros ?? 0] : [],
      );
    const newestMicros = Math.max(0, ...points);
    return {
      machine,
      state: revokedMicros > 0 ? 'revoked' : connected,
      enrolled: isoMoment(enrolledMicros),
      ...(heardMicros === 0 ? {} : { lastHeard: isoMoment(heardMicros) }),
      ...(status?.peer === undefined ? {} : { peer: status.peer }),
      ...(newestMicros === 0
        ? {}
        : { lagMs: Math.max(0, Math.round((clock.nowMicros() - newestMicros) / 1000)) }),
    };
  }
}
