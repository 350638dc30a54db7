import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import { SecondwindError } from '../base/errors.ts';
import { guestAnswerMsMax, guestCommandsMax } from '../base/limits.ts';
import { withTimeLimit } from '../base/time-limit.ts';
import type { MonitorListener } from './guest-monitor.ts';
import { LineReader } from './line-reader.ts';
import { decodeQmpMessage, type QmpMessage } from './qmp-message.ts';

/** Which socket to talk to. */
export interface CommandSocketOptions {
  /** Path of the Unix socket. */
  readonly path: string;
  /** Measures waits. */
  readonly clock: Clock;
  /** Hears what comes without being asked for. */
  readonly listener: MonitorListener;
  /** Longest wait for one answer, milliseconds. */
  readonly answerMsMax?: number;
  /** Number before that of the first command; one by chance where answers to somebody else may still arrive. */
  readonly idBefore?: number;
}

interface Waiter {
  readonly command: string;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A socket on which commands and answers travel as lines of JSON: a monitor's or a guest agent's. Answers are matched by
 * number, so those to questions that nobody waits for any more are passed over.
 */
export class CommandSocket {
  readonly #options: CommandSocketOptions;
  readonly #socket: Socket;
  readonly #reader: LineReader;
  readonly #waiters = new Map<number, Waiter>();
  readonly #greeted = Promise.withResolvers<undefined>();
  #lastId: number;
  #failure: Error | undefined;

  private constructor(options: CommandSocketOptions, socket: Socket) {
    this.#options = options;
    this.#socket = socket;
    this.#lastId = options.idBefore ?? 0;
    this.#reader = new LineReader(options.path);
    // Whoever never waits for the greeting must not be told that it did not come.
    void Promise.allSettled([this.#greeted.promise]);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#end(unreachable(options.path, 'the connection was closed')));
  }

  /**
   * Connects.
   * @param options - see CommandSocketOptions
   * @throws GUEST_UNREACHABLE
   */
  static async open(options: CommandSocketOptions): Promise<CommandSocket> {
    const { path, clock } = options;
    const socket = connect(path);
    const error = (): Error => unreachable(path, 'it does not take the connection');
    try {
      await withTimeLimit(once(socket, 'connect'), { clock, limitMs: guestAnswerMsMax, error });
      return new CommandSocket(options, socket);
    } catch (caught) {
      socket.on('error', () => undefined).destroy();
      const reason = (caught as NodeJS.ErrnoException).code ?? 'no answer';
      throw unreachable(path, reason, caught);
    }
  }

  /** Waits for the greeting of a monitor. @throws GUEST_UNREACHABLE, PROTOCOL */
  async greeted(): Promise<void> {
    await this.#limited(
      this.#greeted.promise,
      'it does not greet; another program may be connected',
    );
  }

  /**
   * Sends a command and waits for its answer.
   * @param command - its name
   * @param words - its arguments; left out: none
   * @throws GUEST_REFUSED, GUEST_UNREACHABLE, PROTOCOL, LIMIT_EXCEEDED
   */
  async execute(command: string, words?: object): Promise<unknown> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#waiters.size >= guestCommandsMax) {
      const what = 'The number of commands that a guest has not answered';
      const value = this.#waiters.size + 1;
      throw new SecondwindError('LIMIT_EXCEEDED', { what, value, limit: guestCommandsMax });
    }
    const id = ++this.#lastId;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiters.set(id, { command, resolve, reject });
    });
    const message = { execute: command, id, ...(words === undefined ? {} : { arguments: words }) };
    this.#socket.write(`${JSON.stringify(message)}\n`);
    try {
      return await this.#limited(answer, `it does not answer ${command}`);
    } finally {
      this.#waiters.delete(id);
    }
  }

  /** Ends the connection. */
  close(): void {
    this.#socket.destroy();
  }

  #limited<Answer>(work: Promise<Answer>, reason: string): Promise<Answer> {
    const { clock, path, answerMsMax: limitMs = guestAnswerMsMax } = this.#options;
    return withTimeLimit(work, { clock, limitMs, error: () => unreachable(path, reason) });
  }

  #receive(chunk: Buffer): void {
    try {
      for (const line of this.#reader.push(chunk)) {
        this.#take(decodeQmpMessage(line, this.#options.path));
      }
    } catch (error) {
      this.#end(error as Error);
      this.#socket.destroy();
    }
  }

  #take(message: QmpMessage): void {
    if (message.kind === 'greeting') return this.#greeted.resolve(undefined);
    if (message.kind === 'event') return this.#options.listener.event(message.event);
    const waiter = this.#waiters.get(Number(message.id));
    if (waiter === undefined) return;
    if (message.kind === 'answer') return waiter.resolve(message.answer);
    waiter.reject(refused(this.#options.path, waiter.command, message.reason));
  }

  #end(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    for (const waiter of this.#waiters.values()) waiter.reject(error);
    this.#greeted.reject(error);
    this.#options.listener.closed();
  }
}

/**
 * Says that a guest does not answer.
 * @param guest - what it is called
 * @param reason - what was noticed
 * @param cause - what it came from
 */
export function unreachable(guest: string, reason: string, cause?: unknown): SecondwindError {
  return new SecondwindError('GUEST_UNREACHABLE', { guest, reason }, cause);
}

/**
 * Says that a guest's QEMU or agent does not do what it was told to.
 * @param guest - what it is called
 * @param command - what it was told
 * @param reason - in its own words
 */
export function refused(guest: string, command: string, reason: string): SecondwindError {
  return new SecondwindError('GUEST_REFUSED', { guest, command, reason });
}
