import type { Socket } from 'node:net';
import { SecondwindError } from '../../base/errors.ts';
import { nbdExportsMax, nbdOptionBytesMax } from '../../base/limits.ts';
import { decodeGreeting, encodeClientFlags, greetingBytes } from '../protocol/greeting.ts';
import { decodeInformation, type ExportFacts } from '../protocol/information.ts';
import { allocationContext, handshakeFlag, option, optionReply } from '../protocol/numbers.ts';
import {
  decodeOptionReplyHeader,
  encodeOption,
  optionReplyHeaderBytes,
} from '../protocol/option.ts';
import {
  decodeString,
  encodeExportRequest,
  encodeMetaContextRequest,
} from '../protocol/option-data.ts';
import type { ByteQueue } from './byte-queue.ts';

/** What a client wants of a server. */
export interface ClientWishes {
  /** Export to use; empty for the default one. */
  readonly exportName: string;
  /** Whether reads may be answered in chunks, and allocation be asked for; yes when left out. */
  readonly isStructured?: boolean;
}

/** What client and server agreed on. */
export interface ClientAgreement extends ExportFacts {
  /** Whether reads are answered in chunks. */
  readonly isStructured: boolean;
  /** Number of the allocation context; none when the server does not offer it. */
  readonly allocationId: number | undefined;
}

/** An export as a server lists it. */
export interface ListedExport {
  /** Its name. */
  readonly name: string;
  /** Words for people; may be empty. */
  readonly description: string;
}

interface OptionAnswer {
  readonly reply: number;
  readonly data: Buffer;
}

/** Replies to one option: a server that sends more wastes our time on purpose. */
const repliesMax = nbdExportsMax + 16;

/**
 * The client's side of the fixed newstyle handshake.
 * @source proto.md, "Fixed newstyle negotiation", "Option types"
 */
export class ClientHandshake {
  readonly #socket: Socket;
  readonly #received: ByteQueue;
  readonly #server: string;

  /**
   * @param socket - connected
   * @param received - fed from it
   * @param server - name of the other side, for errors
   */
  constructor(socket: Socket, received: ByteQueue, server: string) {
    this.#socket = socket;
    this.#received = received;
    this.#server = server;
  }

  /**
   * Exchanges greetings.
   * @throws PROTOCOL when the other side is no fixed newstyle server
   */
  async greet(): Promise<void> {
    const flags = decodeGreeting(await this.#received.take(greetingBytes));
    if (flags === undefined || (flags & handshakeFlag.fixedNewstyle) === 0) {
      throw this.#violation('it is no fixed newstyle NBD server');
    }
    this.#socket.write(
      encodeClientFlags(flags & (handshakeFlag.fixedNewstyle | handshakeFlag.noZeroes)),
    );
  }

  /**
   * Chooses an export; requests may follow.
   * @param wishes - see ClientWishes
   * @throws NOT_FOUND when there is no such export; PROTOCOL, IO_FAILED
   */
  async choose(wishes: ClientWishes): Promise<ClientAgreement> {
    const isStructured = wishes.isStructured !== false && (await this.#agreeOnStructure());
    const allocationId = isStructured ? await this.#selectAllocation(wishes) : undefined;
    const request = encodeExportRequest({ name: wishes.exportName, information: [] });
    let facts: ExportFacts | undefined;
    for (const { reply, data } of await this.#ask(option.go, request)) {
      if (reply === optionReply.errorUnknown) {
        throw new SecondwindError('NOT_FOUND', { what: 'NBD export', name: wishes.exportName });
      }
      if (reply === optionReply.info) {
        const item = decodeInformation(data);
        if (item === undefined) throw this.#violation('it described the export wrongly');
        if (item.kind === 'export') facts = item;
      } else if (reply !== optionReply.ack) throw this.#refusal('Choosing an export', data);
    }
    if (facts === undefined) throw this.#violation('it did not describe the export');
    const { sizeBytes, flags } = facts;
    return { sizeBytes, flags, isStructured, allocationId };
  }

  /**
   * Lists the server's exports.
   * @throws PROTOCOL, IO_FAILED
   */
  async list(): Promise<readonly ListedExport[]> {
    const found: ListedExport[] = [];
    for (const { reply, data } of await this.#ask(option.list)) {
      if (reply === optionReply.server) {
        const name = decodeString(data, 0);
        if (name === undefined) throw this.#violation('it listed an export wrongly');
        found.push({ name: name.text, description: data.toString('utf8', name.end) });
      } else if (reply !== optionReply.ack) throw this.#refusal('Listing exports', data);
    }
    return found;
  }

  /** Says that no export is wanted. */
  async abort(): Promise<void> {
    await this.#ask(option.abort);
  }

  async #agreeOnStructure(): Promise<boolean> {
    const answers = await this.#ask(option.structuredReply);
    return answers.at(-1)?.reply === optionReply.ack;
  }

  async #selectAllocation({ exportName }: ClientWishes): Promise<number | undefined> {
    const request = encodeMetaContextRequest({ name: exportName, queries: [allocationContext] });
    const answers = await this.#ask(option.setMetaContext, request);
    const entry = answers.find(({ reply }) => reply === optionReply.metaContext);
    if (entry === undefined || answers.at(-1)?.reply !== optionReply.ack) return undefined;
    if (entry.data.length < 4) throw this.#violation('it named a context wrongly');
    return entry.data.readUInt32BE(0);
  }

  // Sends an option and gathers its replies up to the one that ends them.
  async #ask(number: number, data?: Buffer): Promise<readonly OptionAnswer[]> {
    this.#socket.write(encodeOption(number, data));
    const answers: OptionAnswer[] = [];
    while (answers.length < repliesMax) {
      const answer = await this.#answerTo(number);
      answers.push(answer);
      if (answer.reply === optionReply.ack || answer.reply >= 2 ** 31) return answers;
    }
    throw this.#violation('its replies to an option do not end');
  }

  async #answerTo(number: number): Promise<OptionAnswer> {
    const header = decodeOptionReplyHeader(await this.#received.take(optionReplyHeaderBytes));
    if (header?.option !== number) throw this.#violation('it answered what was not asked');
    if (header.dataBytes > nbdOptionBytesMax) {
      throw this.#violation('its reply to an option is too long');
    }
    return { reply: header.reply, data: await this.#received.take(header.dataBytes) };
  }

  #violation(reason: string): SecondwindError {
    return new SecondwindError('PROTOCOL', { connection: this.#server, reason });
  }

  #refusal(action: string, words: Buffer): SecondwindError {
    const reason = `the server refused: ${words.toString('utf8').slice(0, 200)}`;
    return new SecondwindError('IO_FAILED', { action, file: this.#server, reason });
  }
}
