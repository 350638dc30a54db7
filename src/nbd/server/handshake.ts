import { SecondwindError } from '../../base/errors.ts';
import {
  nbdOptionBytesMax,
  nbdOptionsMax,
  nbdPayloadBytesMax,
  nbdStringBytesMax,
} from '../../base/limits.ts';
import { clientFlagsBytes, decodeClientFlags } from '../protocol/greeting.ts';
import {
  encodeBlockSizes,
  encodeExportFacts,
  encodeExportInformation,
  encodeTextInformation,
} from '../protocol/information.ts';
import { allocationContext, information, option, optionReply } from '../protocol/numbers.ts';
import {
  decodeOptionHeader,
  encodeOptionReply,
  type OptionHeader,
  optionHeaderBytes,
} from '../protocol/option.ts';
import {
  decodeExportRequest,
  decodeMetaContextRequest,
  encodeString,
} from '../protocol/option-data.ts';
import { type ExportTable, type NbdExport, transmissionFlagsOf } from './nbd-export.ts';

/** What client and server agreed on. */
export interface Agreement {
  /** The export to use. */
  readonly nbdExport: NbdExport;
  /** Whether reads are answered in chunks. */
  readonly isStructured: boolean;
  /** Whether the client may ask for the allocation of blocks. */
  readonly hasAllocation: boolean;
}

/** What a handshake tells its connection. */
export interface HandshakeEvents {
  /**
   * Sends bytes to the client.
   * @param bytes - given away
   */
  send(bytes: Buffer): void;
  /**
   * Whether one more client may use the export; a refusal is told to the client where it can be.
   * @param nbdExport - the export
   */
  admits(nbdExport: NbdExport): boolean;
  /**
   * The handshake is over; what follows are requests.
   * @param agreement - what was agreed on
   */
  agreed(agreement: Agreement): void;
  /** The client wants no more; the last reply was sent. */
  aborted(): void;
}

/** Number we give the one context there is. */
export const allocationContextId = 1;

/** Zeroes after the answer to NBD_OPT_EXPORT_NAME, for clients that want them. */
const reservedBytes = 124;

/** Options that carry no data. */
const bareOptions: ReadonlySet<number> = new Set([option.list, option.structuredReply]);

/**
 * The server's side of the fixed newstyle handshake: bytes in, replies out, no waiting. Whatever it gathers is bounded by the
 * largest option, and how long it may go on by the number of options.
 * @source proto.md, "Newstyle negotiation", "Fixed newstyle negotiation", "Option types"
 */
export class Handshake {
  readonly #exports: ExportTable;
  readonly #events: HandshakeEvents;
  #message: Buffer = Buffer.allocUnsafe(1024);
  #filledBytes = 0;
  #neededBytes = clientFlagsBytes;
  #header: OptionHeader | undefined;
  #hasFlags = false;
  #isFixedNewstyle = false;
  #skipsZeroes = false;
  #isStructured = false;
  #allocationOf: NbdExport | undefined;
  #optionCount = 0;
  #isOver = false;

  /**
   * @param exports - what can be chosen
   * @param events - see HandshakeEvents
   */
  constructor(exports: ExportTable, events: HandshakeEvents) {
    this.#exports = exports;
    this.#events = events;
  }

  /**
   * Takes bytes from the client.
   * @param bytes - borrowed until the call ends
   * @returns those after the handshake's end
   * @throws PROTOCOL, LIMIT_EXCEEDED: the connection must be closed
   */
  receive(bytes: Buffer): Buffer {
    let at = 0;
    while (!this.#isOver) {
      const count = Math.min(this.#neededBytes - this.#filledBytes, bytes.length - at);
      bytes.copy(this.#message, this.#filledBytes, at, at + count);
      at += count;
      this.#filledBytes += count;
      if (this.#filledBytes < this.#neededBytes) break;
      this.#advance(this.#message.subarray(0, this.#neededBytes));
    }
    return bytes.subarray(at);
  }

  #advance(message: Buffer): void {
    if (!this.#hasFlags) this.#takeFlags(message);
    else if (this.#header === undefined) this.#takeHeader(message);
    else this.#takeOption(this.#header, message.subarray(optionHeaderBytes));
  }

  #expect(neededBytes: number, filledBytes: number): void {
    if (this.#message.length < neededBytes) {
      const larger = Buffer.allocUnsafe(neededBytes);
      this.#message.copy(larger, 0, 0, filledBytes);
      this.#message = larger;
    }
    this.#neededBytes = neededBytes;
    this.#filledBytes = filledBytes;
  }

  #takeFlags(message: Buffer): void {
    const flags = decodeClientFlags(message);
    if (flags === undefined) throw violation('it set handshake flags that were not offered');
    this.#hasFlags = true;
    this.#isFixedNewstyle = flags.isFixedNewstyle;
    this.#skipsZeroes = flags.skipsZeroes;
    this.#expect(optionHeaderBytes, 0);
  }

  #takeHeader(message: Buffer): void {
    const header = decodeOptionHeader(message);
    if (header === undefined) throw violation('an option does not begin with its magic number');
    if (header.dataBytes > nbdOptionBytesMax) {
      throw limit('The data of an NBD option', header.dataBytes, nbdOptionBytesMax);
    }
    this.#optionCount += 1;
    if (this.#optionCount > nbdOptionsMax) {
      throw limit('The number of NBD options', this.#optionCount, nbdOptionsMax);
    }
    this.#header = header;
    if (header.dataBytes === 0) this.#takeOption(header, Buffer.alloc(0));
    else this.#expect(optionHeaderBytes + header.dataBytes, optionHeaderBytes);
  }

  #takeOption(header: OptionHeader, data: Buffer): void {
    this.#header = undefined;
    this.#expect(optionHeaderBytes, 0);
    if (header.option === option.exportName) {
      this.#exportName(data);
      return;
    }
    if (!this.#isFixedNewstyle) throw violation('it sent an option without fixed newstyle');
    if (bareOptions.has(header.option) && data.length > 0) {
      this.#reply(header.option, optionReply.errorInvalid, 'this option carries no data');
      return;
    }
    this.#answer(header.option, data);
  }

  #answer(number: number, data: Buffer): void {
    switch (number) {
      case option.abort:
        this.#reply(number, optionReply.ack);
        this.#isOver = true;
        this.#events.aborted();
        break;
      case option.list:
        this.#list();
        break;
      case option.info:
      case option.go:
        this.#infoOrGo(number, data);
        break;
      case option.structuredReply:
        this.#isStructured = true;
        this.#reply(number, optionReply.ack);
        break;
      case option.listMetaContext:
      case option.setMetaContext:
        this.#metaContext(number, data);
        break;
      default:
        this.#reply(number, optionReply.errorUnsupported, 'this server does not know the option');
    }
  }

  // The one option without replies: whatever is wrong can only be told by hanging up.
  #exportName(data: Buffer): void {
    if (data.length > nbdStringBytesMax) {
      throw limit('The name of an export', data.length, nbdStringBytesMax);
    }
    const nbdExport = this.#exports.find(data.toString('utf8'));
    if (nbdExport === undefined) throw violation('it asked for an export that does not exist');
    if (!this.#events.admits(nbdExport)) throw violation('too many clients are connected');
    const answer = encodeExportFacts({
      sizeBytes: nbdExport.disk.sizeBytes,
      flags: transmissionFlagsOf(nbdExport, this.#isStructured),
    });
    const zeroes = Buffer.alloc(this.#skipsZeroes ? 0 : reservedBytes);
    this.#events.send(Buffer.concat([answer, zeroes]));
    this.#agree(nbdExport);
  }

  #list(): void {
    for (const { name, description } of this.#exports.all()) {
      const entry = Buffer.concat([encodeString(name), Buffer.from(description, 'utf8')]);
      this.#reply(option.list, optionReply.server, entry);
    }
    this.#reply(option.list, optionReply.ack);
  }

  #infoOrGo(number: number, data: Buffer): void {
    const request = decodeExportRequest(data);
    if (request === undefined) {
      this.#reply(number, optionReply.errorInvalid, 'the lengths in the option do not fit');
      return;
    }
    const nbdExport = this.#exports.find(request.name);
    if (nbdExport === undefined) {
      this.#reply(number, optionReply.errorUnknown, 'there is no such export');
      return;
    }
    if (number === option.go && !this.#events.admits(nbdExport)) {
      this.#reply(number, optionReply.errorPolicy, 'too many clients are connected');
      return;
    }
    for (const item of this.#informationOf(nbdExport, request.information)) {
      this.#reply(number, optionReply.info, item);
    }
    this.#reply(number, optionReply.ack);
    if (number === option.go) this.#agree(nbdExport);
  }

  *#informationOf(nbdExport: NbdExport, asked: readonly number[]): Generator<Buffer> {
    const flags = transmissionFlagsOf(nbdExport, this.#isStructured);
    yield encodeExportInformation({ sizeBytes: nbdExport.disk.sizeBytes, flags });
    if (asked.includes(information.name)) yield encodeTextInformation('name', nbdExport.name);
    if (asked.includes(information.description)) {
      yield encodeTextInformation('description', nbdExport.description);
    }
    if (asked.includes(information.blockSize)) {
      const maximumBytes = nbdPayloadBytesMax;
      yield encodeBlockSizes({ minimumBytes: 1, preferredBytes: 4096, maximumBytes });
    }
  }

  #metaContext(number: number, data: Buffer): void {
    const isSetting = number === option.setMetaContext;
    if (isSetting) this.#allocationOf = undefined;
    const request = decodeMetaContextRequest(data);
    if (request === 'too-big') {
      this.#reply(number, optionReply.errorTooBig, 'the option asks for too many contexts');
      return;
    }
    if (request === undefined || !this.#isStructured) {
      const reason = 'the lengths in the option do not fit, or structured replies come first';
      this.#reply(number, optionReply.errorInvalid, reason);
      return;
    }
    const nbdExport = this.#exports.find(request.name);
    if (nbdExport === undefined) {
      this.#reply(number, optionReply.errorUnknown, 'there is no such export');
      return;
    }
    if (
      isSetting ? request.queries.includes(allocationContext) : listsAllocation(request.queries)
    ) {
      if (isSetting) this.#allocationOf = nbdExport;
      this.#reply(number, optionReply.metaContext, metaContextEntry(isSetting));
    }
    this.#reply(number, optionReply.ack);
  }

  #agree(nbdExport: NbdExport): void {
    this.#isOver = true;
    const hasAllocation = this.#allocationOf === nbdExport;
    this.#events.agreed({ nbdExport, isStructured: this.#isStructured, hasAllocation });
  }

  #reply(number: number, reply: number, data?: Buffer | string): void {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
    this.#events.send(encodeOptionReply(number, reply, bytes));
  }
}

function listsAllocation(queries: readonly string[]): boolean {
  return queries.length === 0 || queries.includes('base:') || queries.includes(allocationContext);
}

// In a list the number is reserved and zero.
function metaContextEntry(isSetting: boolean): Buffer {
  const id = Buffer.alloc(4);
  id.writeUInt32BE(isSetting ? allocationContextId : 0, 0);
  return Buffer.concat([id, Buffer.from(allocationContext, 'utf8')]);
}

function violation(reason: string): SecondwindError {
  return new SecondwindError('PROTOCOL', { connection: 'the NBD client', reason });
}

function limit(what: string, value: number, most: number): SecondwindError {
  return new SecondwindError('LIMIT_EXCEEDED', { what, value, limit: most });
}
