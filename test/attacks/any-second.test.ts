import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { isSecondwindError, type SecondwindError } from '../../src/base/errors.ts';
import { blockBytes } from '../../src/base/limits.ts';
import { happens, integerBelow, oneOf, type Random, seededRandom } from '../../src/base/random.ts';
import type { BlockRun, CommitRequest, DiskChange, View } from '../../src/repository/contract.ts';
import type { Repository } from '../../src/repository/index.ts';
import { AnySecondModel, type ExpectedMoment } from './any-second-model.ts';
import { emptyRepository, RepositoryRig } from './repository-rig.ts';
import { nextId } from './workloads.ts';

const seedCount = Number(process.env['SECONDWIND_MODEL_SEEDS'] ?? 2);
const firstSeed = Number(process.env['SEED'] ?? 1);
const commitsPerSeed = 30;
const questionsPerCommit = 5;
const machines = ['web', 'mail'];
const diskNames = ['sda', 'sdb', 'sdc'];

/** More than two regions, so that runs cross their borders. */
const diskBlocksMax = 620;

describe('any disk at any second is what the model says', () => {
  for (let seed = firstSeed; seed < firstSeed + seedCount; seed++) {
    test(`seed ${seed}`, async (context) => {
      const story = new Story(seed, await emptyRepository());
      await story.tell();
      context.diagnostic(`${story.pointCount} moments compared`);
      assert(story.pointCount > commitsPerSeed);
    });
  }
});

async function refusalOf(opening: Promise<unknown>): Promise<SecondwindError> {
  const [outcome] = await Promise.allSettled([opening]);
  assert(outcome.status === 'rejected', 'there is nothing to open');
  assert(isSecondwindError(outcome.reason), String(outcome.reason));
  return outcome.reason;
}

function fits(answer: ExpectedMoment, { code, data }: SecondwindError): boolean {
  if (answer.kind === 'unknown') return code === 'UNKNOWN_DISK' || code === 'NO_POINT_YET';
  if (answer.kind === 'too early') {
    return code === 'NO_POINT_YET' && data['firstMicros'] === answer.firstMicros;
  }
  if (answer.kind === 'whole') return false;
  const { beforeMicros, afterMicros } = answer;
  const isSame = data['beforeMicros'] === beforeMicros && data['afterMicros'] === afterMicros;
  return code === 'POINT_IN_GAP' && isSame;
}

/** One repository's life, and every question that anybody could ask meanwhile. */
class Story {
  pointCount = 0;
  readonly #random: Random;
  readonly #rig: RepositoryRig;
  readonly #model = new AnySecondModel();
  /** Contents that were stored before, to meet again. */
  readonly #contents: Uint8Array[] = [];
  readonly #sizes = new Map<string, number>();
  readonly #views: { view: View; bytes: Buffer }[] = [];
  /** Commits under way. */
  #appending: Promise<void> = Promise.resolve();
  /** Called after each commit that the model has heard of. */
  readonly #heard = new Set<() => void>();

  constructor(seed: number, files: Map<string, Buffer>) {
    this.#random = seededRandom(seed);
    this.#rig = new RepositoryRig(files, { segmentBytes: 400_000, cacheBytes: 300_000 });
  }

  async tell(): Promise<void> {
    const random = this.#random;
    await this.#rig.open();
    for (let number = 0; number < commitsPerSeed; number++) {
      this.#passTime();
      this.#appending = this.#appendSome();
      // Questions are asked while commits are under way.
      for (let count = 0; count < questionsPerCommit; count++) await this.#ask();
      await this.#appending;
      if (happens(random, 0.05)) await this.#rebuildWhileReading();
      if (happens(random, 0.05)) await this.#reopen();
      await this.#keepView();
    }
    for (const machine of machines) {
      for (const timeMicros of this.#model.times(machine)) await this.#askAt(machine, timeMicros);
      await this.#askAt(machine, this.#repository.lastMicros + 1_000_000);
    }
    await this.#compareViews();
    const { damages, indexFaults } = await this.#rig.repository.check({ contentShare: 1 });
    assert.deepEqual([damages, indexFaults, this.#rig.log.errors], [[], [], []]);
  }

  get #repository(): Repository {
    return this.#rig.repository;
  }

  /** Mostly forward; now and then the clock is set back. */
  #passTime(): void {
    const random = this.#random;
    const isBack = happens(random, 0.1);
    this.#rig.clock.jump(isBack ? -integerBelow(random, 20_000_000) : integerBelow(random, 3_000));
  }

  async #appendSome(): Promise<void> {
    const requests = Array.from({ length: 1 + integerBelow(this.#random, 2) }, () =>
      this.#commit(),
    );
    const receipts = requests.map(async (request) => {
      const receipt = await this.#rig.append(nextId(this.#rig), request);
      const lastMicros = Math.max(-1, ...this.#model.times(request.machine));
      assert(receipt.timeMicros > lastMicros, 'time of a machine never runs backward');
      const isClockAhead = request.timeMicros > lastMicros;
      assert(
        !isClockAhead || receipt.timeMicros === request.timeMicros,
        'the time of the cut is kept',
      );
      this.#model.add(request, receipt.timeMicros);
      for (const hear of this.#heard) hear();
    });
    await Promise.all(receipts);
  }

  #commit(): CommitRequest {
    const random = this.#random;
    const machine = oneOf(random, machines);
    const names = diskNames.filter(() => happens(random, 0.5));
    const disks = names.map((disk): DiskChange => {
      const key = `${machine}/${disk}`;
      const isResized = !this.#sizes.has(key) || happens(random, 0.1);
      const blocks = 1 + integerBelow(random, diskBlocksMax);
      const newSize = blocks * blockBytes - oneOf(random, [0, 0, 512]);
      const sizeBytes = isResized ? newSize : this.#sizes.get(key)!;
      this.#sizes.set(key, sizeBytes);
      const state = happens(random, 0.2) ? 'filling' : 'whole';
      const runs = this.#runs(sizeBytes);
      return { disk, sizeBytes, state, runs: isResized ? withLastBlock(runs, sizeBytes) : runs };
    });
    const consistency = oneOf(random, ['crash', 'application', 'fuzzy'] as const);
    return { machine, timeMicros: this.#rig.clock.nowMicros(), consistency, disks };
  }

  #runs(sizeBytes: number): BlockRun[] {
    const random = this.#random;
    const blockCountMax = Math.ceil(sizeBytes / blockBytes);
    const runs: BlockRun[] = [];
    let firstBlock = integerBelow(random, blockCountMax);
    while (firstBlock < blockCountMax && runs.length < 6) {
      const length = happens(random, 0.15) ? 300 : 1 + integerBelow(random, 12);
      const blockCount = Math.min(length, blockCountMax - firstBlock);
      const run = { firstBlock, blockCount };
      runs.push(happens(random, 0.2) ? run : { ...run, data: this.#data(run, sizeBytes) });
      firstBlock += blockCount + integerBelow(random, 40);
    }
    return runs;
  }

  #data(run: BlockRun, sizeBytes: number): Uint8Array<SharedArrayBuffer> {
    const random = this.#random;
    const data = new Uint8Array(new SharedArrayBuffer(run.blockCount * blockBytes));
    const known = this.#contents.length > 0 ? oneOf(random, this.#contents) : undefined;
    if (known !== undefined && happens(random, 0.4)) data.set(known.subarray(0, data.length));
    else {
      for (let at = 0; at < data.length; at += blockBytes) {
        if (happens(random, 0.9)) random.fill(data.subarray(at, at + 16));
      }
    }
    data.fill(0, Math.min(data.length, Math.max(0, sizeBytes - run.firstBlock * blockBytes)));
    if (this.#contents.length < 30) this.#contents.push(Uint8Array.from(data));
    return data;
  }

  async #ask(): Promise<void> {
    const machine = oneOf(this.#random, machines);
    const times = this.#model.times(machine);
    if (times.length === 0) return;
    const first = times[0]! - 10;
    const span = Math.min(times.at(-1)! + 1 - first, 2 ** 32 - 1);
    const isExact = happens(this.#random, 0.3);
    const at = isExact ? oneOf(this.#random, times) : first + integerBelow(this.#random, span);
    await this.#askAt(machine, at);
  }

  async #askAt(machine: string, atMicros: number): Promise<void> {
    for (const disk of diskNames) {
      const expected = this.#model.at(machine, disk, atMicros);
      const name = { machine, disk };
      if (expected.kind === 'whole') {
        const view = await this.#repository.openView(name, atMicros);
        assert.equal(view.timeMicros, expected.timeMicros);
        await this.#compare(view, expected.bytes);
        await view.close();
        await this.#askChanges(machine, disk, atMicros);
      } else {
        await this.#assertRefused(name, atMicros);
      }
    }
  }

  /** A commit under way may be visible before the model hears of it: then what the model says after it is right too. */
  async #assertRefused(name: { machine: string; disk: string }, atMicros: number): Promise<void> {
    const answers: ExpectedMoment[] = [];
    const note = (): void => void answers.push(this.#model.at(name.machine, name.disk, atMicros));
    note();
    this.#heard.add(note);
    const error = await refusalOf(this.#repository.openView(name, atMicros));
    if (!answers.some((answer) => fits(answer, error))) await this.#appending;
    this.#heard.delete(note);
    if (answers.some((answer) => fits(answer, error))) return;
    assert.fail(`${error.code} ${inspect(error.data)} at ${atMicros}, not ${inspect(answers)}`);
  }

  /** Reads in random pieces, and sees that what is called a hole is zeroes. */
  async #compare(view: View, bytes: Buffer): Promise<void> {
    this.pointCount++;
    assert.equal(view.sizeBytes, bytes.length);
    const content = Buffer.alloc(bytes.length, 0xee);
    let at = 0;
    while (at < bytes.length) {
      const length = Math.min(1 + integerBelow(this.#random, 700_000), bytes.length - at);
      await view.read(content.subarray(at, at + length), at);
      at += length;
    }
    assert(content.equals(bytes), 'other bytes');
    for (let start = 0; start < bytes.length; ) {
      const extents = await view.extents(start, bytes.length - start);
      assert(extents.length > 0);
      for (const { lengthBytes, isHole } of extents) {
        if (isHole) assert(isZero(bytes.subarray(start, start + lengthBytes)), 'a hole is zeroes');
        start += lengthBytes;
      }
      assert(start <= bytes.length);
    }
  }

  /** What really differs is told; what is told was at least written. */
  async #askChanges(machine: string, disk: string, atMicros: number): Promise<void> {
    const other = oneOf(this.#random, this.#model.times(machine));
    const [from, to] = [Math.min(other, atMicros), Math.max(other, atMicros)];
    const before = this.#model.at(machine, disk, from);
    const after = this.#model.at(machine, disk, to);
    if (before.kind !== 'whole' || after.kind !== 'whole') return;
    const told = new Set<number>();
    for await (const range of this.#repository.changedRanges({ machine, disk }, to, from)) {
      const end = range.offsetBytes + range.lengthBytes;
      assert(end <= after.bytes.length);
      for (let at = range.offsetBytes; at < end; at += blockBytes) told.add(at / blockBytes);
    }
    const touched = this.#model.touchedBlocks(machine, disk, from, to);
    for (const block of told) assert(touched.has(block), `block ${block} was never written`);
    for (let at = 0; at < after.bytes.length; at += blockBytes) {
      const now = after.bytes.subarray(at, at + blockBytes);
      const then = Buffer.alloc(now.length);
      then.set(before.bytes.subarray(at, at + now.length));
      if (!then.equals(now))
        assert(told.has(at / blockBytes), `block ${at / blockBytes} is missed`);
    }
  }

  /** Views stay open while everything else goes on. */
  async #keepView(): Promise<void> {
    const machine = oneOf(this.#random, machines);
    const times = this.#model.times(machine);
    if (times.length === 0 || this.#views.length > 20) return;
    const [disk, at] = [oneOf(this.#random, diskNames), oneOf(this.#random, times)];
    const expected = this.#model.at(machine, disk, at);
    if (expected.kind !== 'whole') return;
    const view = await this.#repository.openView({ machine, disk }, at);
    this.#views.push({ view, bytes: expected.bytes });
  }

  async #compareViews(): Promise<void> {
    await Promise.all(this.#views.map(({ view, bytes }) => this.#compare(view, bytes)));
  }

  async #rebuildWhileReading(): Promise<void> {
    const rebuilding = this.#repository.rebuild({});
    await this.#compareViews();
    await this.#ask();
    await rebuilding;
    await this.#compareViews();
  }

  async #reopen(): Promise<void> {
    await this.#compareViews();
    for (const { view } of this.#views.splice(0)) await view.close();
    if (happens(this.#random, 0.5)) await this.#rig.close();
    else this.#rig.kill();
    await this.#rig.open();
  }
}

/** A disk that comes to end within a block has that block in a run. */
function withLastBlock(runs: readonly BlockRun[], sizeBytes: number): readonly BlockRun[] {
  const firstBlock = Math.ceil(sizeBytes / blockBytes) - 1;
  const isWritten = runs.some((run) => run.firstBlock + run.blockCount > firstBlock);
  return isWritten ? runs : [...runs, { firstBlock, blockCount: 1 }];
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}
