import { SecondwindError } from '../../base/errors.ts';
import { nbdDescriptorsMax, nbdStringBytesMax } from '../../base/limits.ts';
import type { DiskExtent } from '../../disk/disk.ts';
import { decodeBlockStatus } from '../protocol/block-status.ts';
import {
  chunk,
  chunkDone,
  command,
  errorNumber,
  simpleReplyMagic,
  structuredReplyMagic,
} from '../protocol/numbers.ts';
import {
  type ChunkHeader,
  chunkHeaderBytes,
  decodeChunkHeader,
  decodeErrorPayload,
  decodeHole,
  simpleReplyBytes,
} from '../protocol/reply.ts';

/** A request whose reply is awaited. */
export interface AwaitedReply {
  /** Number of its command. */
  readonly command: number;
  /** Start of its span, bytes. */
  readonly offsetBytes: number;
  /** Length of its span, bytes. */
  readonly lengthBytes: number;
  /** Where read data goes. */
  readonly target: Uint8Array | undefined;
  /** Bytes of the target filled so far. */
  filledBytes: number;
  /** Runs told of so far. */
  extents: readonly DiskExtent[];
  /** First error told of so far, 0 for none. */
  error: number;
}

/** Who awaits replies. */
export interface ReplyTaker {
  /**
   * Finds a request.
   * @param cookie - lower half of its name; the upper is 0
   */
  awaited(cookie: number): AwaitedReply | undefined;
  /**
   * Told when a reply is complete.
   * @param cookie - of the request
   * @param reply - what was awaited, now filled
   */
  ended(cookie: number, reply: AwaitedReply): void;
}

/** Longest payload that is gathered before it is looked at, bytes: all but data. */
const payloadBytesMax = 4 + 8 * nbdDescriptorsMax + nbdStringBytesMax;

/** What is being received. */
type Stage =
  | { readonly kind: 'gather'; readonly bytes: Buffer; readonly then: (bytes: Buffer) => void }
  | { readonly kind: 'fill'; readonly target: Uint8Array; readonly then: () => void };

/**
 * Cuts received bytes into replies; data goes straight to where it was asked for. A server that sends what does not fit
 * what was asked ends the connection.
 * @source proto.md, "Simple reply message", "Structured reply chunk message"
 */
export class ReplyParser {
  readonly #taker: ReplyTaker;
  readonly #server: string;
  readonly #allocationId: number | undefined;
  readonly #head: Buffer = Buffer.alloc(chunkHeaderBytes);
  #stage: Stage;
  #doneBytes = 0;

  /**
   * @param taker - see ReplyTaker
   * @param server - name of the other side, for errors
   * @param allocationId - number of the allocation context, if any
   */
  constructor(taker: ReplyTaker, server: string, allocationId: number | undefined) {
    this.#taker = taker;
    this.#server = server;
    this.#allocationId = allocationId;
    this.#stage = this.#atHead();
  }

  /**
   * Takes received bytes.
   * @param bytes - borrowed until the call ends
   * @throws PROTOCOL: the connection must be closed
   */
  receive(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const stage = this.#stage;
      const target = stage.kind === 'gather' ? stage.bytes : stage.target;
      const count = Math.min(target.length - this.#doneBytes, bytes.length - at);
      target.set(bytes.subarray(at, at + count), this.#doneBytes);
      at += count;
      this.#doneBytes += count;
      if (this.#doneBytes === target.length) this.#complete(stage);
    }
  }

  #complete(stage: Stage): void {
    this.#doneBytes = 0;
    if (stage.kind === 'gather') stage.then(stage.bytes);
    else stage.then();
  }

  #atHead(): Stage {
    return {
      kind: 'gather',
      bytes: this.#head.subarray(0, simpleReplyBytes),
      then: (head) => this.#begin(head),
    };
  }

  #begin(head: Buffer): void {
    const magic = head.readUInt32BE(0);
    if (magic === simpleReplyMagic) {
      this.#simple(head.readUInt32BE(4), this.#cookie(head.readUInt32BE(8), head.readUInt32BE(12)));
    } else if (magic === structuredReplyMagic) {
      this.#gather(this.#head.subarray(simpleReplyBytes), () =>
        this.#structured(decodeChunkHeader(this.#head)),
      );
    } else throw this.#violation('a reply does not begin with a magic number');
  }

  #simple(error: number, cookie: number): void {
    const reply = this.#find(cookie);
    if (reply.command === command.blockStatus && error === errorNumber.none) {
      throw this.#violation('it answered a question about allocation without an answer');
    }
    reply.error = error;
    const { target } = reply;
    if (error !== errorNumber.none || target === undefined || target.length === 0) {
      this.#end(cookie, reply);
      return;
    }
    this.#fill(target, () => {
      reply.filledBytes = target.length;
      this.#end(cookie, reply);
    });
  }

  #structured(header: ChunkHeader): void {
    const cookie = this.#cookie(header.cookieHigh, header.cookieLow);
    const reply = this.#find(cookie);
    const next = (): void => {
      if ((header.flags & chunkDone) !== 0) this.#end(cookie, reply);
      else this.#stage = this.#atHead();
    };
    if (header.kind === chunk.offsetData) {
      this.#data(header.payloadBytes, reply, next);
      return;
    }
    if (header.payloadBytes > payloadBytesMax) throw this.#violation('a chunk is too long');
    const take = (payload: Buffer): void => {
      this.#payload(header.kind, payload, reply);
      next();
    };
    if (header.payloadBytes === 0) take(Buffer.alloc(0));
    else this.#gather(Buffer.alloc(header.payloadBytes), take);
  }

  #data(payloadBytes: number, reply: AwaitedReply, next: () => void): void {
    if (payloadBytes < 9) throw this.#violation('a chunk of data is too short');
    this.#gather(Buffer.alloc(8), (offset) => {
      const start = Number(offset.readBigUInt64BE(0)) - reply.offsetBytes;
      const lengthBytes = payloadBytes - 8;
      this.#fill(this.#room(reply, start, lengthBytes), () => {
        reply.filledBytes += lengthBytes;
        next();
      });
    });
  }

  #payload(kind: number, payload: Buffer, reply: AwaitedReply): void {
    switch (kind) {
      case chunk.none:
        if (payload.length > 0) throw this.#violation('an empty chunk is not empty');
        break;
      case chunk.offsetHole:
        this.#hole(payload, reply);
        break;
      case chunk.blockStatus:
        this.#status(payload, reply);
        break;
      default:
        this.#error(kind, payload, reply);
    }
  }

  #hole(payload: Buffer, reply: AwaitedReply): void {
    const hole = decodeHole(payload);
    if (hole === undefined) throw this.#violation('it told of a hole wrongly');
    this.#room(reply, hole.offsetBytes - reply.offsetBytes, hole.lengthBytes).fill(0);
    reply.filledBytes += hole.lengthBytes;
  }

  #status(payload: Buffer, reply: AwaitedReply): void {
    const status = decodeBlockStatus(payload);
    if (status === undefined || reply.command !== command.blockStatus) {
      throw this.#violation('it told of allocation wrongly');
    }
    if (status.contextId === this.#allocationId) reply.extents = status.descriptors;
  }

  #error(kind: number, payload: Buffer, reply: AwaitedReply): void {
    const told = kind >= 0x8000 ? decodeErrorPayload(payload) : undefined;
    if (told === undefined || told.error === 0) throw this.#violation('a chunk makes no sense');
    if (reply.error === errorNumber.none) reply.error = told.error;
  }

  #room(reply: AwaitedReply, start: number, lengthBytes: number): Uint8Array {
    const { target } = reply;
    const isInside = start >= 0 && start + lengthBytes <= (target?.length ?? 0);
    if (target === undefined || !isInside)
      throw this.#violation('it sent data that was not asked for');
    return target.subarray(start, start + lengthBytes);
  }

  #end(cookie: number, reply: AwaitedReply): void {
    if (reply.error === errorNumber.none && reply.filledBytes !== (reply.target?.length ?? 0)) {
      throw this.#violation('it did not send all data that was asked for');
    }
    this.#stage = this.#atHead();
    this.#taker.ended(cookie, reply);
  }

  #gather(bytes: Buffer, then: (bytes: Buffer) => void): void {
    this.#stage = { kind: 'gather', bytes, then };
  }

  #fill(target: Uint8Array, then: () => void): void {
    this.#stage = { kind: 'fill', target, then };
  }

  #cookie(high: number, low: number): number {
    if (high !== 0) throw this.#violation('it answered what was not asked');
    return low;
  }

  #find(cookie: number): AwaitedReply {
    const reply = this.#taker.awaited(cookie);
    if (reply === undefined) throw this.#violation('it answered what was not asked');
    return reply;
  }

  #violation(reason: string): SecondwindError {
    return new SecondwindError('PROTOCOL', { connection: this.#server, reason });
  }
}
