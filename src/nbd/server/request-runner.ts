import { nbdGatheredReadBytesMax } from '../../base/limits.ts';
import type { Logger } from '../../base/log.ts';
import { runAll } from '../../disk/awaitable.ts';
import type {
  Awaitable,
  DiskExtent,
  ReadableDisk,
  WritableDisk,
  WriteOptions,
} from '../../disk/disk.ts';
import { encodeBlockStatus } from '../protocol/block-status.ts';
import { errorNumberOf } from '../protocol/error-numbers.ts';
import { chunk, command, commandFlag, errorNumber } from '../protocol/numbers.ts';
import { type Cookie, type ReplySpan } from '../protocol/reply.ts';
import type { RequestHeader } from '../protocol/request.ts';
import { allocationOf } from './allocation.ts';
import type { BufferPool } from './buffer-pool.ts';
import { type Agreement, allocationContextId } from './handshake.ts';
import { InFlight } from './in-flight.ts';
import {
  dataPlaces,
  encodeStructuredRead,
  encodeWholeRead,
  planRead,
  type ReadPiece,
  structuredReadBytes,
  wholeReadHeaderBytes,
} from './read-plan.ts';
import { Replies } from './replies.ts';
import type { ReplyWriter } from './reply-writer.ts';
import { requestFault } from './request-check.ts';
import type { RequestTaker } from './request-parser.ts';

/** What a runner works with. */
export interface RunnerParts {
  /** What the handshake agreed on. */
  readonly agreement: Agreement;
  /** Where replies go. */
  readonly writer: ReplyWriter;
  /** Where buffers come from. */
  readonly pool: BufferPool;
  /** Where failures of the disk are told. */
  readonly log: Logger;
  /** Told once per turn in which requests ended that had been begun earlier. */
  readonly onLater: () => void;
  /** Told when the client says that no more requests follow. */
  readonly onDisconnect: () => void;
}

const forced: WriteOptions = { isForced: true };

/**
 * Carries out the requests of one connection. A disk that completes at once is answered within the call, without a promise
 * and without a buffer of the request's own; one that completes later gets buffers of its own. Which of the two it is may
 * change at any time, so the last answer is taken as a guess for the next, and a wrong guess only costs a copy or a buffer.
 */
export class RequestRunner implements RequestTaker {
  readonly #parts: RunnerParts;
  readonly #disk: ReadableDisk;
  readonly #writable: WritableDisk | undefined;
  readonly #writer: ReplyWriter;
  readonly #pool: BufferPool;
  readonly #isStructured: boolean;
  readonly #replies: Replies;
  readonly #inFlight: InFlight;
  #readsLater = false;
  #writesLater = false;
  #isStopping = false;
  #failureCount = 0;

  /** @param parts - see RunnerParts */
  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#disk = parts.agreement.nbdExport.disk;
    this.#writable = parts.agreement.nbdExport.writable;
    this.#writer = parts.writer;
    this.#pool = parts.pool;
    this.#isStructured = parts.agreement.isStructured;
    this.#replies = new Replies(parts.writer, this.#isStructured);
    this.#inFlight = new InFlight(parts.onLater);
  }

  /** @inheritdoc */
  get isReady(): boolean {
    return !this.#writer.isBlocked && this.#inFlight.hasRoom;
  }

  /** Whether no request is under way. */
  get isIdle(): boolean {
    return this.#inFlight.isIdle;
  }

  /** Answers every request from now on with NBD_ESHUTDOWN. */
  stop(): void {
    this.#isStopping = true;
  }

  /** Ends when no request is under way. */
  whenIdle(): Promise<void> {
    return this.#inFlight.whenIdle();
  }

  /** @inheritdoc */
  writeFault(header: RequestHeader): number {
    return this.#isStopping ? errorNumber.shutdown : requestFault(header, this.#parts.agreement);
  }

  /** @inheritdoc */
  write(header: RequestHeader, received: Buffer, receivedOwner: Buffer | undefined): boolean {
    let data = received;
    let owner = receivedOwner;
    if (owner === undefined && this.#writesLater && data.length <= nbdGatheredReadBytesMax) {
      owner = this.#pool.take(data.length);
      data.copy(owner);
      data = owner.subarray(0, data.length);
    }
    const isForced = (header.flags & commandFlag.forceUnitAccess) !== 0;
    let result: Awaitable<void>;
    try {
      result = this.#writable!.write(data, header.offsetBytes, isForced ? forced : undefined);
    } catch (error) {
      this.#give(owner);
      this.#fail(header, error);
      return false;
    }
    if (result instanceof Promise) {
      if (!isForced) this.#writesLater = true;
      const cookie = cookieOf(header);
      this.#track(cookie, result, {
        costBytes: data.length,
        answer: () => this.#replies.succeed(cookie),
        settled: () => this.#give(owner),
      });
      return owner === undefined;
    }
    this.#writesLater = false;
    this.#give(owner);
    this.#replies.succeed(header);
    return false;
  }

  /** @inheritdoc */
  request(header: RequestHeader): void {
    if (header.command === command.disconnect) {
      this.#parts.onDisconnect();
      return;
    }
    const fault = this.writeFault(header);
    if (fault !== errorNumber.none) {
      this.refuse(header, fault);
      return;
    }
    switch (header.command) {
      case command.read:
        this.#read(header);
        break;
      case command.blockStatus:
        this.#tellAllocation(header);
        break;
      default:
        this.#change(header);
    }
  }

  /** @inheritdoc */
  refuse(cookie: Cookie, fault: number): void {
    this.#replies.refuse(cookie, fault, '');
  }

  #read(header: RequestHeader): void {
    const { lengthBytes } = header;
    if (lengthBytes > nbdGatheredReadBytesMax) this.#readLarge(header);
    else if (lengthBytes === 0) this.#replies.succeedEmptyRead(header);
    else if (this.#readsLater) this.#readWhole(spanOf(header), cookieOf(header));
    else this.#readGathered(header);
  }

  // Reads straight into the slab of replies, in the hope that the disk completes at once.
  #readGathered(header: RequestHeader): void {
    const headerBytes = wholeReadHeaderBytes(this.#isStructured);
    const bytes = headerBytes + header.lengthBytes;
    const at = this.#writer.reserve(bytes);
    const slab = this.#writer.slab;
    let result: Awaitable<void>;
    try {
      result = this.#disk.read(slab.subarray(at + headerBytes, at + bytes), header.offsetBytes);
    } catch (error) {
      this.#fail(header, error);
      return;
    }
    if (result instanceof Promise) {
      this.#readsLater = true;
      this.#writer.detach();
      this.#answerDetached(slab.subarray(at, at + bytes), result, header);
      return;
    }
    const { cookieHigh, cookieLow } = header;
    const reply = { cookieHigh, cookieLow, isStructured: this.#isStructured };
    encodeWholeRead(slab, at, header, reply);
    this.#writer.commit(bytes);
  }

  #answerDetached(room: Buffer, result: Promise<void>, header: RequestHeader): void {
    const span = spanOf(header);
    const cookie = cookieOf(header);
    this.#track(cookie, result, {
      costBytes: room.length,
      answer: () => {
        encodeWholeRead(room, 0, span, { ...cookie, isStructured: this.#isStructured });
        this.#writer.add(room);
      },
    });
  }

  // Reads into a buffer of the request's own, answered in one piece.
  #readWhole(span: ReplySpan, cookie: Cookie): void {
    const headerBytes = wholeReadHeaderBytes(this.#isStructured);
    const bytes = headerBytes + span.lengthBytes;
    const buffer = this.#pool.take(bytes);
    this.#run(
      cookie,
      () => this.#disk.read(buffer.subarray(headerBytes, bytes), span.offsetBytes),
      {
        costBytes: bytes,
        answer: (isLater) => {
          this.#readsLater = isLater;
          encodeWholeRead(buffer, 0, span, { ...cookie, isStructured: this.#isStructured });
          this.#writer.add(buffer.subarray(0, bytes), buffer);
        },
        failed: () => this.#give(buffer),
      },
    );
  }

  #readLarge(header: RequestHeader): void {
    const span = spanOf(header);
    const cookie = cookieOf(header);
    const mayFragment = (header.flags & commandFlag.dontFragment) === 0;
    if (!this.#isStructured || !mayFragment) {
      this.#readWhole(span, cookie);
      return;
    }
    let extents: readonly DiskExtent[] = [];
    const ask = (): Awaitable<void> => {
      const answer = this.#disk.extents(span.offsetBytes, span.lengthBytes);
      if (answer instanceof Promise) return answer.then((found) => void (extents = found));
      extents = answer;
    };
    this.#run(cookie, ask, {
      costBytes: span.lengthBytes,
      answer: () => this.#readPieces(planRead(span, extents), cookie),
    });
  }

  #readPieces(pieces: readonly ReadPiece[], cookie: Cookie): void {
    const bytes = structuredReadBytes(pieces);
    const buffer = this.#pool.take(bytes);
    const reads = dataPlaces(buffer, 0, pieces).map(
      ({ room, offsetBytes }) =>
        () =>
          this.#disk.read(room, offsetBytes),
    );
    this.#run(cookie, () => runAll(reads), {
      costBytes: bytes,
      answer: () => {
        encodeStructuredRead(buffer, 0, pieces, cookie);
        this.#writer.add(buffer.subarray(0, bytes), buffer);
      },
      failed: () => this.#give(buffer),
    });
  }

  #tellAllocation(header: RequestHeader): void {
    const cookie = cookieOf(header);
    const isOneEnough = (header.flags & commandFlag.requestOne) !== 0;
    let runs: readonly DiskExtent[] = [];
    const ask = async (): Promise<void> => {
      runs = await allocationOf(this.#disk, spanOf(header), isOneEnough);
    };
    this.#run(cookie, ask, {
      costBytes: 0,
      answer: () => {
        const payload = encodeBlockStatus(allocationContextId, runs);
        this.#replies.chunk(cookie, chunk.blockStatus, payload);
      },
    });
  }

  // Flush, trim, zeroes and prefetch: all that is answered without data.
  #change(header: RequestHeader): void {
    const cookie = cookieOf(header);
    if (this.#isTooSlowToZero(header)) {
      this.refuse(cookie, errorNumber.notSupported);
      return;
    }
    const operate = (): Awaitable<void> => this.#operate(header);
    this.#run(cookie, operate, { costBytes: 0, answer: () => this.#replies.succeed(cookie) });
  }

  #operate({ command: number, flags, offsetBytes, lengthBytes }: RequestHeader): Awaitable<void> {
    const isForced = (flags & commandFlag.forceUnitAccess) !== 0;
    switch (number) {
      case command.flush:
        return this.#writable?.flush();
      case command.trim:
        return this.#writable?.trim(offsetBytes, lengthBytes, { isForced });
      case command.writeZeroes: {
        const mayTrim = (flags & commandFlag.noHole) === 0;
        return this.#writable?.writeZeroes(offsetBytes, lengthBytes, { isForced, mayTrim });
      }
      default:
        return this.#disk.prefetch?.(offsetBytes, lengthBytes);
    }
  }

  #isTooSlowToZero(header: RequestHeader): boolean {
    const wantsFast = (header.flags & commandFlag.fastZero) !== 0;
    return wantsFast && this.#writable?.isFastToZero !== true;
  }

  #run(cookie: Cookie, operate: () => Awaitable<void>, outcome: Outcome): void {
    let result: Awaitable<void>;
    try {
      result = operate();
    } catch (error) {
      outcome.failed?.();
      this.#fail(cookie, error);
      return;
    }
    if (result instanceof Promise) this.#track(cookie, result, outcome);
    else outcome.answer(false);
  }

  #track(cookie: Cookie, result: Promise<void>, outcome: Outcome): void {
    const { costBytes } = outcome;
    this.#inFlight.begin(costBytes);
    result.then(
      () => {
        outcome.settled?.();
        outcome.answer(true);
        this.#inFlight.end(costBytes);
      },
      (error: unknown) => {
        outcome.settled?.();
        outcome.failed?.();
        this.#fail(cookie, error);
        this.#inFlight.end(costBytes);
      },
    );
  }

  #fail(cookie: Cookie, error: unknown): void {
    this.#failureCount += 1;
    // A failing disk fails often: the first failure is told, then only each doubling of their number.
    if ((this.#failureCount & (this.#failureCount - 1)) === 0) {
      this.#parts.log.warn('a request of an NBD client failed', {
        error,
        failures: this.#failureCount,
      });
    }
    const code = (error as { readonly code?: unknown } | undefined)?.code;
    this.#replies.refuse(cookie, errorNumberOf(error), typeof code === 'string' ? code : '');
  }

  #give(buffer: Buffer | undefined): void {
    if (buffer !== undefined) this.#pool.give(buffer);
  }
}

/** What follows from how an operation ends. */
interface Outcome {
  /** Bytes it keeps busy meanwhile. */
  readonly costBytes: number;
  /** Sends its reply. */
  readonly answer: (isLater: boolean) => void;
  /** Whatever the outcome, before it is answered; only of those that end later. */
  readonly settled?: () => void;
  /** Tidies up when it fails. */
  readonly failed?: () => void;
}

function spanOf(header: RequestHeader): ReplySpan {
  return { offsetBytes: header.offsetBytes, lengthBytes: header.lengthBytes };
}

function cookieOf(header: RequestHeader): Cookie {
  return { cookieHigh: header.cookieHigh, cookieLow: header.cookieLow };
}
