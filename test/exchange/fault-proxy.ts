import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { encodeExchangeHead, exchangeFrameHeadBytes } from '../../src/format/exchange-frame.ts';

/** After how many bytes of which direction a connection is cut; undefined: never. */
export interface CutPlan {
  readonly from: 'sender' | 'receiver';
  readonly afterBytes: number;
  /** The cut is moved on to the next border of messages. */
  readonly isAtBorder: boolean;
}

/** What of a message a proxy tells. */
export interface PassedMessage {
  readonly connection: number;
  readonly from: 'sender' | 'receiver';
  readonly kind: number;
  readonly body: Buffer;
  readonly isWhole: boolean;
}

/** A TCP proxy that cuts connections where it is told to, at borders of messages and inside of them. */
export class FaultProxy {
  /** Connections so far. */
  connections = 0;
  /** Decides for each new connection. */
  plan: (connection: number) => CutPlan | undefined = () => undefined;
  /** Hears every message, also one that is cut. Only for connections without TLS. */
  passed: ((message: PassedMessage) => void) | undefined;
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #sockets = new Set<Socket>();

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  static async start(targetPort: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as { readonly port: number }).port;
  }

  /** Cuts every connection there is. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  #accept(sender: Socket): void {
    const connection = this.connections++;
    const plan = this.plan(connection);
    const receiver = connect(this.#targetPort, '127.0.0.1');
    const both = [sender, receiver];
    const cut = (): void => both.forEach((socket) => socket.destroy());
    for (const socket of both) {
      this.#sockets.add(socket);
      socket.on('error', cut).on('close', () => {
        this.#sockets.delete(socket);
        cut();
      });
    }
    for (const from of ['sender', 'receiver'] as const) {
      const [source, target] = from === 'sender' ? [sender, receiver] : [receiver, sender];
      const borders = new MessageBorders((part) => this.passed?.({ connection, from, ...part }));
      let passedBytes = 0;
      source.on('data', (piece: Buffer) => {
        const limit = plan?.from === from ? plan.afterBytes : Infinity;
        const allowed = borders.allowed(piece, limit - passedBytes, plan?.isAtBorder ?? false);
        const part = piece.subarray(0, allowed);
        passedBytes += part.length;
        borders.take(part);
        const isCut = part.length < piece.length;
        if (isCut) borders.cut();
        if (!target.write(part, () => (isCut ? cut() : undefined))) {
          source.pause();
          target.once('drain', () => source.resume());
        }
      });
    }
  }
}

/** Follows where messages begin in a stream. */
class MessageBorders {
  readonly #passed: (message: Pick<PassedMessage, 'kind' | 'body' | 'isWhole'>) => void;
  #held = Buffer.alloc(0);

  constructor(passed: (message: Pick<PassedMessage, 'kind' | 'body' | 'isWhole'>) => void) {
    this.#passed = passed;
  }

  /** How much of a piece may pass: up to the limit, or to the first border behind it. */
  allowed(piece: Buffer, limit: number, isAtBorder: boolean): number {
    if (piece.length <= limit) return piece.length;
    if (!isAtBorder) return Math.max(0, limit);
    const all = Buffer.concat([this.#held, piece]);
    let end = 0;
    while (
      end < this.#held.length + Math.max(0, limit) &&
      end + exchangeFrameHeadBytes <= all.length
    ) {
      end += exchangeFrameHeadBytes + all.readUInt32LE(end);
    }
    return Math.min(Math.max(0, end - this.#held.length), piece.length);
  }

  take(part: Buffer): void {
    this.#held = Buffer.concat([this.#held, part]);
    for (;;) {
      if (this.#held.length < exchangeFrameHeadBytes) return;
      const end = exchangeFrameHeadBytes + this.#held.readUInt32LE(0);
      if (this.#held.length < end) return;
      const body = this.#held.subarray(exchangeFrameHeadBytes, end);
      this.#passed({ kind: this.#held[4]!, body: Buffer.from(body), isWhole: true });
      this.#held = this.#held.subarray(end);
    }
  }

  cut(): void {
    if (this.#held.length < exchangeFrameHeadBytes) return;
    const body = this.#held.subarray(exchangeFrameHeadBytes);
    this.#passed({ kind: this.#held[4]!, body, isWhole: false });
  }
}

/** A message as raw bytes, for those who break the protocol. */
export function rawMessage(kind: number, body: Uint8Array): Buffer {
  return Buffer.concat([encodeExchangeHead(kind, body.length), body]);
}
