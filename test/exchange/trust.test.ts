import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect } from 'node:tls';
import { type AgentIdentity, AgentState } from '../../src/agent/agent-state.ts';
import { connectServer } from '../../src/agent/connect-server.ts';
import { enrolMachine } from '../../src/agent/enrol-machine.ts';
import { integerBelow, secureRandom, seededRandom } from '../../src/base/random.ts';
import { CommitSpool } from '../../src/exchange/send/commit-spool.ts';
import { ExchangeClient } from '../../src/exchange/send/exchange-client.ts';
import { Throttle } from '../../src/exchange/send/throttle.ts';
import { parseEnrolmentCode } from '../../src/format/enrolment.ts';
import { Agents } from '../../src/service/agents.ts';
import { Catalogue } from '../../src/service/catalogue.ts';
import { seedOfRun } from '../attacks/processes/seed-of-run.ts';
import { ErrorLog, emptyRepository, RepositoryRig } from '../attacks/repository-rig.ts';
import { assertHistory, ChangingDisk, HastyClock } from './exchange-rig.ts';
import { FaultProxy, rawMessage } from './fault-proxy.ts';

const seed = seedOfRun();
const clock = new HastyClock(25);

/** A server as far as agents see it, over a real repository. */
class Server {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'sw-trust-'));
  readonly repositoryRig: RepositoryRig;
  readonly agents: Agents;
  readonly catalogue: Catalogue;
  address = '';

  private constructor(repositoryRig: RepositoryRig) {
    this.repositoryRig = repositoryRig;
    this.catalogue = new Catalogue(join(this.folder, 'catalogue'));
    const { repository } = repositoryRig;
    const log = new ErrorLog();
    const random = secureRandom;
    const { catalogue, folder: dataFolder } = this;
    this.agents = new Agents({ repository, catalogue, clock, random, log, dataFolder });
  }

  static async start(): Promise<Server> {
    const repositoryRig = new RepositoryRig(await emptyRepository());
    await repositoryRig.open();
    const server = new Server(repositoryRig);
    server.address = await server.agents.listen('127.0.0.1:0');
    return server;
  }

  get port(): number {
    return Number(this.address.split(':')[1]);
  }

  enrol(machine: string): Promise<AgentIdentity> {
    return enrolMachine(this.address, parseEnrolmentCode(this.agents.enrol(machine).code));
  }

  async close(): Promise<void> {
    await this.agents.close();
    this.catalogue.close();
    await this.repositoryRig.close();
    rmSync(this.folder, { recursive: true });
  }
}

describe(`trust between agents and server (SEED=${seed})`, () => {
  let server: Server;
  before(async () => {
    server = await Server.start();
  });
  after(() => server.close());

  async function clientOf(identity: AgentIdentity, refused?: (error: unknown) => void) {
    const folder = join(server.folder, `spool-${identity.machine}-${clock.nowMicros()}`);
    return new ExchangeClient({
      machine: identity.machine,
      spool: await CommitSpool.open(folder, secureRandom),
      spoolBytesMax: 1 << 30,
      connect: (signal) => connectServer(identity, signal),
      throttle: new Throttle({ rules: [], clock, timeZone: 'UTC' }),
      clock,
      log: new ErrorLog(),
      ...(refused === undefined ? {} : { refused }),
    });
  }

  /** Sends raw messages as a machine that is enrolled; gives all that comes back until the server ends it. */
  async function attack(identity: AgentIdentity, messages: readonly Buffer[]): Promise<Buffer> {
    const { stream } = await connectServer(identity, new AbortController().signal);
    stream.on('error', () => undefined);
    for (const message of messages) stream.write(message);
    const pieces: Buffer[] = [];
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    await once(stream, 'close');
    return Buffer.concat(pieces);
  }

  test('a code works once, for this server, and not when it is wrong', async () => {
    const { code } = server.agents.enrol('once');
    const parts = parseEnrolmentCode(code.toLowerCase().replaceAll('-', ' '));
    const notThis = parts.authority.map((byte) => ~byte);
    const stranger = { ...parts, authority: notThis };
    await assert.rejects(enrolMachine(server.address, stranger), /not the server that gave out/);
    const wrong = { ...parts, secret: parts.secret.map((byte) => ~byte) };
    await assert.rejects(enrolMachine(server.address, wrong), { code: 'NOT_ADMITTED' });
    const identity = await enrolMachine(server.address, parts);
    assert.equal(identity.machine, 'once');
    await assert.rejects(enrolMachine(server.address, parts), { code: 'NOT_ADMITTED' });
    const state = new AgentState(join(server.folder, 'agent'));
    await state.keep(identity);
    assert.deepEqual(await state.identity(), identity);
  });

  test('a machine that is enrolled sends, through 40 cuts of TLS; revoked, it is cut off and stays out', async () => {
    const random = seededRandom(seed);
    const identity = await server.enrol('web');
    const proxy = await FaultProxy.start(server.port);
    proxy.plan = (connection) =>
      connection < 40
        ? { from: 'sender', afterBytes: integerBelow(random, 40_000), isAtBorder: false }
        : undefined;
    const refusal = Promise.withResolvers<unknown>();
    const through = { ...identity, server: `127.0.0.1:${proxy.port}` };
    const client = await clientOf(through, refusal.resolve);
    const disk = new ChangingDisk(random, 64);
    for (let count = 0; count < 30 || proxy.connections < 40; count++) {
      await client.append(disk.commit(20));
    }
    await assertHistory(server.repositoryRig.repository, disk);
    assert.equal(server.agents.list().find(({ machine }) => machine === 'web')?.state, 'connected');
    await server.agents.revoke('web');
    await refusal.promise;
    assert.equal(server.agents.list().find(({ machine }) => machine === 'web')?.state, 'revoked');
    await client.close();
    await proxy.close();
  });

  test('a machine cannot append to another, nor make the server read, nor say what only servers say', async () => {
    const identity = await server.enrol('mallory');
    const hello = Buffer.concat([Buffer.from([1, 0]), Buffer.alloc(48, 7), Buffer.alloc(8)]);
    hello[50] = 1;
    const other = await offerFor('web');
    for (const message of [
      rawMessage(2, other),
      rawMessage(32, Buffer.alloc(62)),
      rawMessage(99, hello),
    ]) {
      const answer = await attack(identity, [rawMessage(1, hello), message]);
      // A welcome, and the end: nothing of what another machine has.
      assert(answer.length < 5 + 62 + 100, `${answer.length} bytes came back`);
    }
    const { points } = server.repositoryRig.repository.timeline({ machine: 'web', limit: 100_000 });
    const newest = points.at(-1);
    assert(newest !== undefined && newest.timeMicros < 1_800_000_000_000_000);
    assert.throws(() => server.repositoryRig.repository.timeline({ machine: 'mallory', limit: 1 }));
  });

  test('hostile bytes before and behind TLS end only their own connection', async () => {
    const random = seededRandom(seed);
    const identity = await server.enrol('noise');
    for (let round = 0; round < 20; round++) {
      const noise = Buffer.alloc(1 + integerBelow(random, 3_000));
      random.fill(noise);
      const plain = connectPlain(server.port, '127.0.0.1');
      plain.on('error', () => undefined).end(noise);
      const enrolling = connect({
        ...{ port: server.port, host: '127.0.0.1', rejectUnauthorized: false },
        ALPNProtocols: ['secondwind-enrol/1'],
      });
      enrolling.on('error', () => undefined).end(round % 2 === 0 ? noise : '{"key":1}\n');
      enrolling.resume();
      await Promise.all([once(plain.resume(), 'close'), once(enrolling, 'close')]);
      await attack(identity, [noise, rawMessage(integerBelow(random, 70), noise)]);
    }
    const client = await clientOf(identity);
    await client.delivered();
    const disk = new ChangingDisk(random, 8);
    await client.append({ ...disk.commit(3), machine: 'noise' });
    await client.close();
  });

  async function offerFor(machine: string): Promise<Buffer> {
    const { packCommit } = await import('../../src/exchange/send/pack-commit.ts');
    const request = { ...new ChangingDisk(seededRandom(1), 8).commit(3), machine };
    const order = { position: 1, nameKey: new Uint8Array(32), timeMicros: 1_900_000_000_000_000 };
    return Buffer.from((await packCommit(request, order)).commit);
  }
});
