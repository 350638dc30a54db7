import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock, Micros } from '../../src/base/clock.ts';
import { blockBytes } from '../../src/base/limits.ts';
import { integerBelow, type Random, secureRandom } from '../../src/base/random.ts';
import { ExchangeReceiver } from '../../src/exchange/receive/exchange-receiver.ts';
import { CommitSpool } from '../../src/exchange/send/commit-spool.ts';
import {
  ExchangeClient,
  type ExchangeClientOptions,
} from '../../src/exchange/send/exchange-client.ts';
import { Throttle } from '../../src/exchange/send/throttle.ts';
import type { CommitRequest, DiskChange, Repository } from '../../src/repository/index.ts';
import { MemoryFile } from '../../src/testing/memory-file.ts';
import { ErrorLog, emptyRepository, RepositoryRig } from '../attacks/repository-rig.ts';
import { FaultProxy } from './fault-proxy.ts';

/** A clock that runs as the wall clock does, in which every wait is so many times shorter. */
export class HastyClock implements Clock {
  readonly #haste: number;

  constructor(haste: number) {
    this.#haste = haste;
  }

  nowMicros(): Micros {
    return Date.now() * 1000;
  }

  steadyMs(): number {
    return performance.now() * this.#haste;
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    await wait(durationMs / this.#haste, undefined, signal === undefined ? {} : { signal });
  }
}

/** A receiver with a real repository in memory, a proxy before it, and senders that go through the proxy. */
export class ExchangeRig {
  readonly clock: HastyClock = new HastyClock(25);
  readonly log: ErrorLog = new ErrorLog();
  readonly folder: string = mkdtempSync(join(tmpdir(), 'sw-exchange-'));
  readonly journals: Map<string, MemoryFile> = new Map();
  receiver!: ExchangeReceiver;
  proxy!: FaultProxy;
  repositoryRig!: RepositoryRig;
  readonly clients: ExchangeClient[] = [];
  #server!: Server;

  static async start(): Promise<ExchangeRig> {
    const rig = new ExchangeRig();
    rig.repositoryRig = new RepositoryRig(await emptyRepository());
    await rig.repositoryRig.open();
    rig.receive();
    rig.#server = createServer((socket) => {
      const machine = 'web';
      void rig.receiver.serve({ machine, stream: socket, peer: 'the test' });
    });
    rig.#server.listen(0, '127.0.0.1');
    await once(rig.#server, 'listening');
    rig.proxy = await FaultProxy.start((rig.#server.address() as { readonly port: number }).port);
    return rig;
  }

  get repository(): Repository {
    return this.repositoryRig.repository;
  }

  /** Begins to receive, on whatever journals and repository there are. */
  receive(): void {
    this.receiver = new ExchangeReceiver({
      repository: this.repository,
      openJournal: async (machine) => {
        const file = this.journals.get(machine) ?? new MemoryFile();
        this.journals.set(machine, file);
        return file;
      },
      clock: this.clock,
      log: this.log,
    });
  }

  async client(options: Partial<ExchangeClientOptions> = {}): Promise<ExchangeClient> {
    const spool = await CommitSpool.open(join(this.folder, 'spool'), secureRandom);
    const client = new ExchangeClient({
      machine: 'web',
      spool,
      spoolBytesMax: 1 << 30,
      connect: async () => ({ stream: await this.connect(), peer: 'the rig' }),
      throttle: new Throttle({ rules: [], clock: this.clock, timeZone: 'UTC' }),
      clock: this.clock,
      log: this.log,
      ...options,
    });
    this.clients.push(client);
    return client;
  }

  async connect(): Promise<Duplex> {
    const socket = connect(this.proxy.port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  }

  async close(): Promise<void> {
    for (const client of this.clients) await client.close();
    await this.receiver.close();
    await this.proxy.close();
    this.#server.close();
    await this.repositoryRig.close();
    rmSync(this.folder, { recursive: true });
  }
}

/** A disk that changes at random, and remembers what it held after each change. */
export class ChangingDisk {
  readonly states: Buffer[] = [];
  readonly #random: Random;
  #content: Buffer;
  #micros: Micros = 1_700_000_000_000_000;

  constructor(random: Random, blockCount: number) {
    this.#random = random;
    this.#content = Buffer.alloc(blockCount * blockBytes);
  }

  /** Changes some blocks, at times by what is elsewhere on the disk, or by zeroes. */
  commit(blocksMax: number): CommitRequest {
    const random = this.#random;
    const blockCount = this.#content.length / blockBytes;
    const changed = new Map<number, Uint8Array | undefined>();
    for (let left = 1 + integerBelow(random, blocksMax); left > 0; left--) {
      changed.set(integerBelow(random, blockCount), this.#newBlock(integerBelow(random, 10)));
    }
    const runs = [...changed]
      .sort(([left], [right]) => left - right)
      .map(([firstBlock, data]) => {
        const at = firstBlock * blockBytes;
        this.#content.fill(0, at, at + blockBytes);
        if (data === undefined) return { firstBlock, blockCount: 1 };
        const shared = new Uint8Array(new SharedArrayBuffer(blockBytes));
        shared.set(data);
        this.#content.set(data, at);
        return { firstBlock, blockCount: 1, data: shared };
      });
    this.states.push(Buffer.from(this.#content));
    this.#micros += 1_000_000;
    const disk: DiskChange = {
      disk: 'root',
      sizeBytes: this.#content.length,
      state: 'whole',
      runs,
    };
    const request = { machine: 'web', timeMicros: this.#micros, disks: [disk] };
    return { ...request, consistency: 'crash' };
  }

  #newBlock(choice: number): Uint8Array | undefined {
    if (choice === 0) return undefined;
    const blockCount = this.#content.length / blockBytes;
    if (choice === 1) {
      const at = integerBelow(this.#random, blockCount) * blockBytes;
      return Uint8Array.from(this.#content.subarray(at, at + blockBytes));
    }
    const block = new Uint8Array(blockBytes);
    this.#random.fill(choice === 2 ? block : block.subarray(0, blockBytes / 2));
    return block;
  }
}

/** Asserts that the repository holds exactly the states of a disk, in order, each at the time of its commit. */
export async function assertHistory(repository: Repository, disk: ChangingDisk): Promise<void> {
  const { points } = repository.timeline({ machine: 'web', limit: 100_000 });
  assert.equal(points.length, disk.states.length, 'nothing twice, nothing missing');
  for (const [index, { timeMicros }] of points.entries()) {
    const view = await repository.openView({ machine: 'web', disk: 'root' }, timeMicros);
    const content = Buffer.alloc(view.sizeBytes);
    await view.read(content, 0);
    await view.close();
    assert(content.equals(disk.states[index]!), `point ${index + 1} differs`);
    assert.equal(timeMicros, 1_700_000_000_000_000 + (index + 1) * 1_000_000);
  }
}
