import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ByteQueue } from '../nbd/client/byte-queue.ts';
import { encodeClientFlags, greetingBytes } from '../nbd/protocol/greeting.ts';
import { option, optionReply, requestMagic } from '../nbd/protocol/numbers.ts';
import { encodeOption, optionReplyHeaderBytes } from '../nbd/protocol/option.ts';
import { encodeExportRequest } from '../nbd/protocol/option-data.ts';

/** Fields of a request as a test writes them, right or wrong. */
export interface RawRequest {
  readonly command: number;
  readonly flags?: number;
  readonly offset?: bigint;
  readonly length?: number;
  readonly cookie?: bigint;
  readonly data?: Buffer;
}

/** A client that sends exactly what a test tells it to, and shows exactly what comes back. */
export class RawNbdClient {
  readonly socket: Socket;
  readonly received: ByteQueue = new ByteQueue();
  /** Ends when the server has hung up. */
  readonly closed: Promise<void>;

  constructor(path: string) {
    this.socket = connect(path);
    this.socket.on('data', (chunk) => this.received.push(chunk));
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      this.socket.on('close', () => {
        this.received.fail(new Error('the server hung up'));
        resolve();
      });
    });
  }

  /** Connects and exchanges greetings. @param flags - the client's handshake flags */
  static async greeted(path: string, flags = 3): Promise<RawNbdClient> {
    const client = new RawNbdClient(path);
    await once(client.socket, 'connect');
    await client.received.take(greetingBytes);
    client.socket.write(encodeClientFlags(flags));
    return client;
  }

  /** Connects and chooses an export. */
  static async using(path: string, name: string, isStructured = false): Promise<RawNbdClient> {
    const client = await RawNbdClient.greeted(path);
    if (isStructured) await client.ask(option.structuredReply);
    const answers = await client.ask(option.go, encodeExportRequest({ name, information: [] }));
    assert.equal(answers.at(-1)?.reply, optionReply.ack);
    return client;
  }

  /** Sends an option and gathers the replies up to the last. */
  async ask(number: number, data?: Buffer): Promise<{ reply: number; data: Buffer }[]> {
    this.socket.write(encodeOption(number, data));
    const answers: { reply: number; data: Buffer }[] = [];
    for (;;) {
      const head = await this.received.take(optionReplyHeaderBytes);
      assert.equal(head.readUInt32BE(8), number);
      const reply = head.readUInt32BE(12);
      answers.push({ reply, data: await this.received.take(head.readUInt32BE(16)) });
      if (reply === optionReply.ack || reply >= 2 ** 31) return answers;
    }
  }

  send(request: RawRequest): void {
    this.socket.write(rawRequest(request));
  }

  /** Takes a simple reply. @returns its error number */
  async simpleReply(): Promise<number> {
    const head = await this.received.take(16);
    assert.equal(head.readUInt32BE(0), 0x67446698);
    return head.readUInt32BE(4);
  }

  /** Takes a chunk of a structured reply. */
  async chunk(): Promise<{ flags: number; kind: number; cookie: bigint; payload: Buffer }> {
    const head = await this.received.take(20);
    assert.equal(head.readUInt32BE(0), 0x668e33ef);
    const payload = await this.received.take(head.readUInt32BE(16));
    const cookie = head.readBigUInt64BE(8);
    return { flags: head.readUInt16BE(4), kind: head.readUInt16BE(6), cookie, payload };
  }

  async close(): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }
}

/** The bytes of a request. */
export function rawRequest(request: RawRequest): Buffer {
  const head = Buffer.alloc(28);
  head.writeUInt32BE(requestMagic, 0);
  head.writeUInt16BE(request.flags ?? 0, 4);
  head.writeUInt16BE(request.command, 6);
  head.writeBigUInt64BE(request.cookie ?? 1n, 8);
  head.writeBigUInt64BE(request.offset ?? 0n, 16);
  head.writeUInt32BE(request.length ?? request.data?.length ?? 0, 24);
  return request.data === undefined ? head : Buffer.concat([head, request.data]);
}
