import assert from 'node:assert/strict';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { isSecondwindError } from '../../../src/base/errors.ts';
import { happens, integerBelow, type Random, seededRandom } from '../../../src/base/random.ts';
import { ApiClient, apiPath } from '../../../src/cli/api-client.ts';
import { socketPathOf } from '../../../src/cli/socket-path.ts';
import { connectNbd } from '../../../src/nbd/client/nbd-client.ts';
import type { DiskReport } from '../../../src/service/disk-report.ts';
import type { StatusReport } from '../../../src/service/status-report.ts';
import type { GapReport, TimelineReport } from '../../../src/service/timeline-report.ts';
import type { ViewReport } from '../../../src/service/view-report.ts';
import { CommandRig, until } from '../../cli/command-rig.ts';
import { LaneWriter } from './lane-writer.ts';
import { WriteRecord } from './write-record.ts';

/** How long the attack lasts. */
export interface ServerKillOptions {
  /** Chooses writes and moments. */
  readonly seed: number;
  /** Kills. */
  readonly cycles: number;
  /** Told how far it has come. */
  readonly say?: (line: string) => void;
}

/** What the attack did. */
export interface ServerKillReport {
  readonly acknowledgedBlocks: number;
  readonly viewsCompared: number;
  readonly refusals: number;
}

const name = { machine: 'db1', disk: 'root' };
const diskBytes = 64 * 1024 * 1024;
const writingMsMin = 900;
const writingMsMax = 2600;
const momentsPerCycle = 4;

/**
 * Kills the whole server while a client writes to a protected disk, and looks each time at what it has kept.
 * @param options - see ServerKillOptions
 */
export async function killServers(options: ServerKillOptions): Promise<ServerKillReport> {
  const rig = new CommandRig();
  try {
    const attack = new ServerKill(rig, seededRandom(options.seed));
    await attack.begin();
    for (let cycle = 1; cycle <= options.cycles; cycle++) {
      await attack.cycle();
      if (cycle % 10 === 0) options.say?.(`${cycle} kills, ${JSON.stringify(attack.report)}`);
    }
    return attack.report;
  } finally {
    await rig.close();
  }
}

/** A time in which a client wrote and the server lived, milliseconds. */
interface Life {
  readonly fromMs: number;
  readonly toMs: number;
}

class ServerKill {
  readonly #rig: CommandRig;
  readonly #random: Random;
  readonly #record = new WriteRecord(diskBytes);
  readonly #writer: LaneWriter;
  readonly #api: ApiClient;
  readonly #backing: string;
  readonly #lives: Life[] = [];
  #server: Awaited<ReturnType<CommandRig['serve']>> | undefined;
  #viewsCompared = 0;
  #refusals = 0;

  constructor(rig: CommandRig, random: Random) {
    this.#rig = rig;
    this.#random = random;
    this.#writer = new LaneWriter(this.#record, random);
    this.#api = new ApiClient(socketPathOf(rig.dataFolder), new AbortController().signal);
    this.#backing = rig.path('disk.img');
  }

  get report(): ServerKillReport {
    const acknowledgedBlocks = this.#record.acknowledgedCount;
    return { acknowledgedBlocks, viewsCompared: this.#viewsCompared, refusals: this.#refusals };
  }

  async begin(): Promise<void> {
    writeFileSync(this.#backing, '');
    truncateSync(this.#backing, diskBytes);
    this.#server = await this.#rig.serve();
    const { machine, disk } = name;
    const listen = `unix:${this.#socket}`;
    const words = ['disk', 'add', `${machine}/${disk}`, '--tap', this.#backing];
    await this.#rig.ok([...words, '--listen', listen, '--window', '300ms']);
    await this.#untilWhole();
  }

  /** Writes, kills, starts again, and compares. */
  async cycle(): Promise<void> {
    const killed = await this.#writeAndKill();
    this.#record.assertHolds(readFileSync(this.#backing), Infinity, 'the backing after the kill');
    this.#server = await this.#rig.serve();
    await this.#untilWhole();
    await this.#compareNewest();
    await this.#compareReported(killed.reported);
    await this.#compareGap(killed.killedMs);
    for (let count = 0; count < momentsPerCycle; count++) await this.#compareSomeMoment();
  }

  get #socket(): string {
    return this.#rig.path('tap.sock');
  }

  async #writeAndKill(): Promise<{ killedMs: number; reported: string | undefined }> {
    const fromMs = Date.now();
    const writing = this.#writer.writeUntilGone(this.#socket);
    const random = this.#random;
    const timeMs = writingMsMin + integerBelow(random, writingMsMax - writingMsMin);
    const gone = writing.then(() => assert.fail('the server ended by itself'));
    await Promise.race([gone, wait(timeMs)]);
    gone.catch(() => undefined);
    const reported = happens(random, 0.7) ? (await this.#disk()).lastPoint : undefined;
    await this.#server!.end('SIGKILL');
    const killedMs = Date.now();
    await writing;
    this.#lives.push({ fromMs, toMs: killedMs });
    return { killedMs, reported };
  }

  async #disk(): Promise<DiskReport> {
    const status = await this.#api.call<StatusReport>({ method: 'GET', path: '/v1/status' });
    return status.disks[0]!;
  }

  async #untilWhole(): Promise<void> {
    await until(async () => {
      const { state, lastPoint } = await this.#disk();
      assert.notEqual(state, 'failed');
      return state === 'protecting' && lastPoint !== undefined ? state : undefined;
    });
  }

  /** Nobody writes now, so the newest state is what the backing holds. */
  async #compareNewest(): Promise<void> {
    const { content } = await this.#contentAt('now');
    const backing = readFileSync(this.#backing);
    assert.ok(content.equals(backing), 'the newest state is not what the backing holds');
  }

  /** What was once reported as restorable must be for ever. */
  async #compareReported(reported: string | undefined): Promise<void> {
    if (reported === undefined) return;
    const { content, point } = await this.#contentAt(reported);
    assert.equal(point, reported, 'a point that was reported is gone');
    this.#record.assertHolds(content, Date.parse(point), `the reported point ${point}`);
  }

  /** Writes that were acknowledged shortly before the kill are in no point: the moment of the kill must be refused. */
  async #compareGap(killedMs: number): Promise<void> {
    const gaps = await this.#gaps();
    const gap = gaps.find(({ from, to }) => isWithin(killedMs, from, to));
    assert.ok(gap !== undefined, `no gap around ${isoOf(killedMs)}: ${JSON.stringify(gaps)}`);
    const fromMs = Date.parse(gap.from);
    const insideMs = killedMs - integerBelow(this.#random, Math.max(1, killedMs - fromMs));
    const words = ['open', `${name.machine}/${name.disk}`, '--at', isoOf(insideMs)];
    const listen = ['--listen', `unix:${this.#rig.path('gap.sock')}`];
    const { exitCode, code } = await this.#rig.failure([...words, ...listen]);
    assert.deepEqual({ exitCode, code }, { exitCode: 10, code: 'POINT_IN_GAP' });
    this.#refusals += 1;
  }

  async #gaps(): Promise<readonly GapReport[]> {
    const path = apiPath(['machines', name.machine, 'timeline'], { disk: name.disk });
    return (await this.#api.call<TimelineReport>({ method: 'GET', path })).gaps;
  }

  /** A moment while a client wrote, in this life or an earlier one. */
  async #compareSomeMoment(): Promise<void> {
    const life = this.#lives[integerBelow(this.#random, this.#lives.length)]!;
    const atMs = life.fromMs + integerBelow(this.#random, life.toMs - life.fromMs);
    try {
      const { content, point } = await this.#contentAt(isoOf(atMs));
      const pointMs = Date.parse(point);
      assert.ok(pointMs <= atMs, 'a view shows what came after its moment');
      this.#record.assertHolds(content, pointMs, `the view at ${isoOf(atMs)}, point ${point}`);
    } catch (error) {
      if (!isSecondwindError(error, 'POINT_IN_GAP')) throw error;
      const gaps = await this.#gaps();
      const isShown = gaps.some(({ from, to }) => isWithin(atMs, from, to));
      assert.ok(isShown, `${isoOf(atMs)} is refused, and no gap is shown there`);
      this.#refusals += 1;
    }
  }

  async #contentAt(at: string): Promise<{ content: Buffer; point: string }> {
    const path = this.#rig.path('view.sock');
    const body = { ...name, at, listen: `unix:${path}`, isWritable: false };
    const order = { method: 'POST', path: '/v1/views', body } as const;
    const view = await this.#api.call<ViewReport>(order);
    const client = await connectNbd({ endpoint: { kind: 'unix', path }, exportName: '' });
    const content = Buffer.alloc(client.sizeBytes);
    await client.read(content, 0);
    await client.close();
    const closing = {
      method: 'POST',
      path: apiPath(['views', view.id, 'close']),
      body: {},
    } as const;
    await this.#api.call(closing);
    this.#viewsCompared += 1;
    return { content, point: view.point };
  }
}

function isWithin(timeMs: number, from: string, to: string | undefined): boolean {
  return Date.parse(from) <= timeMs && (to === undefined || timeMs <= Date.parse(to));
}

function isoOf(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
