import { strict as assert } from 'node:assert';
import type { Micros } from '../../base/clock.ts';
import { SecondwindError } from '../../base/errors.ts';
import { blockBytes, regionBlocks } from '../../base/limits.ts';
import {
  blockHashBytes,
  blocksOfSpan,
  comparedSpans,
  type ExchangeMessage,
  spanHashBytes,
} from '../../format/exchange-message.ts';
import type {
  ComparerOpener,
  DiskName,
  RegionComparer,
  View,
  ViewOpener,
} from '../../repository/contract.ts';
import { blocksOf, piecesOf, spanBlockHashesBytes, spanBytes } from '../compared-region.ts';
import { keyedHash } from '../keyed-hash.ts';
import { comparisonsMax } from '../limits.ts';

type Answer = Extract<ExchangeMessage, { kind: 'disk' | 'compared' }>;

/** What comparing over the wire needs. */
export interface RemoteDisksOptions {
  /** The machine that may be compared. */
  readonly machine: string;
  /** Key of the hashes. */
  readonly nameKey: Uint8Array;
  /** Sends on the connection there is, after waiting for one if there is none. */
  readonly send: (message: ExchangeMessage) => Promise<void>;
  /** Waits until the receiver has all that was sent before. */
  readonly delivered: () => Promise<void>;
}

/**
 * What a receiver has of the disks of a machine, for comparing only: it tells which blocks differ, and gives none of them out.
 * For each region, 16 hashes go out and the hashes of blocks come back where a span differs.
 */
export class RemoteDisks implements ViewOpener, ComparerOpener {
  readonly #options: RemoteDisksOptions;
  readonly #waiting = new Map<string, PromiseWithResolvers<Answer>>();
  #lastHandle = 0;

  /** @param options - see RemoteDisksOptions */
  constructor(options: RemoteDisksOptions) {
    this.#options = options;
  }

  /**
   * Opens the newest state of a disk; no other can be asked for.
   * @param name - machine and disk
   * @throws UNKNOWN_DISK, LINK_LOST
   */
  async openView(name: DiskName): Promise<View> {
    const { machine, send, delivered } = this.#options;
    assert.equal(name.machine, machine, 'a sender knows of its own machine only');
    await delivered();
    const handle = ++this.#lastHandle;
    const answer = await this.#ask({ kind: 'open-disk', handle, disk: name.disk }, `${handle}`);
    assert(answer.kind === 'disk');
    if (!answer.isKnown) throw new SecondwindError('UNKNOWN_DISK', { ...name });
    const { sizeBytes, timeMicros } = answer;
    const close = async (): Promise<void> => {
      // Who has lost the connection has no disk open any more.
      await send({ kind: 'close-disk', handle }).catch(() => undefined);
    };
    return new RemoteView({ name, sizeBytes, timeMicros, handle, close });
  }

  /** @inheritdoc */
  openComparer(view: View): RegionComparer {
    assert(view instanceof RemoteView, 'a view of another opener');
    const { handle } = view;
    let underWay = 0;
    const turns: (() => void)[] = [];
    return {
      compare: async (region, content) => {
        if (underWay >= comparisonsMax) await new Promise<void>((resolve) => turns.push(resolve));
        underWay++;
        try {
          return await this.#compare(handle, region, content);
        } finally {
          underWay--;
          turns.shift()?.();
        }
      },
    };
  }

  /** Takes an answer. @param message - of the receiver */
  heard(message: ExchangeMessage): void {
    if (message.kind === 'disk') this.#answer(`${message.handle}`, message);
    if (message.kind === 'compared') this.#answer(`${message.handle}/${message.region}`, message);
  }

  /** The connection was lost, and every open disk with it. @param error - what those hear who wait */
  lost(error: unknown): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }

  async #compare(
    handle: number,
    region: number,
    content: Uint8Array<SharedArrayBuffer>,
  ): Promise<Uint8Array> {
    const { nameKey } = this.#options;
    const spans = piecesOf(content, spanBytes, comparedSpans);
    const hashes = Buffer.concat(
      spans.map((span) => keyedHash(nameKey, span).subarray(0, spanHashBytes)),
    );
    const question = { handle, region, lengthBytes: content.length, hashes };
    const answer = await this.#ask({ kind: 'compare', ...question }, `${handle}/${region}`);
    assert(answer.kind === 'compared');
    return this.#differing(spans, answer);
  }

  #differing(
    spans: readonly Uint8Array[],
    answer: Extract<Answer, { kind: 'compared' }>,
  ): Uint8Array {
    const differing = new Uint8Array(regionBlocks);
    const stored = Buffer.from(answer.hashes);
    let at = 0;
    for (const [index, span] of spans.entries()) {
      if ((answer.spans & (1 << index)) === 0) continue;
      const hashes = stored.subarray(at, (at += spanBlockHashesBytes));
      differing.set(this.#differingOf(span, hashes), index * blocksOfSpan);
    }
    return differing;
  }

  #differingOf(span: Uint8Array, hashes: Buffer): Uint8Array {
    const { nameKey } = this.#options;
    const isThere = (block: number): boolean => block * blockBytes < span.length;
    const differing = Uint8Array.from(blocksOf(span), (content, block) => {
      const own = keyedHash(nameKey, content).subarray(0, blockHashBytes);
      const start = block * blockHashBytes;
      return isThere(block) && !own.equals(hashes.subarray(start, start + blockHashBytes)) ? 1 : 0;
    });
    // The span differs for certain, so equal hashes of all its blocks would be a coincidence: everything is sent.
    return differing.includes(1) ? differing : differing.map((_, block) => Number(isThere(block)));
  }

  async #ask(question: ExchangeMessage, key: string): Promise<Answer> {
    const waiting = Promise.withResolvers<Answer>();
    waiting.promise.catch(() => undefined);
    this.#waiting.set(key, waiting);
    await this.#options.send(question);
    return waiting.promise;
  }

  #answer(key: string, message: Answer): void {
    this.#waiting.get(key)?.resolve(message);
    this.#waiting.delete(key);
  }
}

/** A disk that can be compared, and not read. */
class RemoteView implements View {
  readonly name: DiskName;
  readonly sizeBytes: number;
  readonly timeMicros: Micros;
  readonly handle: number;
  readonly close: () => Promise<void>;

  constructor(of: Pick<View, 'name' | 'sizeBytes' | 'timeMicros' | 'close'> & { handle: number }) {
    this.name = of.name;
    this.sizeBytes = of.sizeBytes;
    this.timeMicros = of.timeMicros;
    this.handle = of.handle;
    this.close = of.close;
  }

  read(): never {
    assert.fail('a sender cannot read what a receiver has');
  }

  /** It is not known where holes are. */
  extents(_offsetBytes: number, lengthBytes: number): { lengthBytes: number; isHole: boolean }[] {
    return [{ lengthBytes, isHole: false }];
  }
}
