import { isAbsolute, resolve } from 'node:path';
import type { Command } from 'commander';
import { formatEndpoint, parseEndpoint } from '../base/endpoint.ts';
import { formatIsoMoment, formatMoment, parseTimeText, readIsoMoment } from '../base/time-text.ts';
import type { ActionProgress } from '../service/long-action.ts';
import type { AskedMoment, IsoMoment } from '../service/moments.ts';
import { type ApiCall, ApiClient, type ContentReader } from './api-client.ts';
import type { CommandContext } from './command-context.ts';
import { ProgressLine } from './output/progress-line.ts';
import { socketPathOf } from './socket-path.ts';

interface GlobalOptions {
  readonly data?: string;
  readonly json?: boolean;
}

/** One run of one command: its place, its server, and how it prints. */
export class CommandSession {
  /** The world. */
  readonly context: CommandContext;
  /** Whether results are JSON. */
  readonly isJson: boolean;
  /** Absolute path of the data folder. */
  readonly dataFolder: string;
  readonly #client: ApiClient;

  /**
   * @param context - the world
   * @param command - the command that runs, for the global options
   */
  constructor(context: CommandContext, command: Command) {
    const options: GlobalOptions = command.optsWithGlobals();
    this.context = context;
    this.isJson = options.json ?? false;
    this.dataFolder = resolve(context.workingFolder, options.data ?? context.dataFolderDefault);
    this.#client = new ApiClient(socketPathOf(this.dataFolder), context.interruption);
  }

  /**
   * Asks the server for one document.
   * @param call - see ApiCall
   * @throws SERVER_UNREACHABLE, INTERRUPTED, and what the route's documentation says
   */
  call<Answer>(call: ApiCall): Promise<Answer> {
    return this.#client.call<Answer>(call);
  }

  /**
   * Has the server do something long, and shows how far it is.
   * @param call - see ApiCall
   * @throws SERVER_UNREACHABLE, INTERRUPTED, and what the route's documentation says
   */
  follow<Answer>(call: ApiCall): Promise<Answer> {
    return this.showing((progress) => this.#client.follow<Answer>(call, { progress }));
  }

  /**
   * Has the server do something whose results come in batches.
   * @param call - see ApiCall
   * @param take - told of each batch; the next one waits for it
   * @throws SERVER_UNREACHABLE, INTERRUPTED, and what the route's documentation says
   */
  gather<Answer>(call: ApiCall, take: (batch: unknown) => Promise<void> | void): Promise<Answer> {
    return this.showing((progress) => this.#client.follow<Answer>(call, { progress, batch: take }));
  }

  /**
   * Has the server send bytes.
   * @param call - see ApiCall
   * @param reader - see ContentReader
   * @throws SERVER_UNREACHABLE, INTERRUPTED, and what the route's documentation says; what the reader throws
   */
  read(call: ApiCall, reader: ContentReader): Promise<void> {
    return this.#client.read(call, reader);
  }

  /**
   * Prints a batch of results: for programs a line, for people text.
   * @param batch - for programs
   * @param text - for people, with its newlines
   */
  printBatch(batch: unknown, text: () => string): void {
    this.print({ batch }, text);
  }

  /**
   * Shows the progress of an action while it runs.
   * @param action - given where to tell its progress
   */
  async showing<Answer>(
    action: (progress: (progress: ActionProgress) => void) => Promise<Answer>,
  ): Promise<Answer> {
    const line = new ProgressLine(this.context.errorOutput, this.context.clock);
    try {
      return await action((progress) => {
        if (this.isJson) this.#writeJson({ progress });
        else line.update(progress);
      });
    } finally {
      line.clear();
    }
  }

  /**
   * Prints the result of a short command.
   * @param document - for programs
   * @param text - for people, with its newlines
   */
  print(document: unknown, text: () => string): void {
    if (this.isJson) this.#writeJson(document);
    else this.context.output.write(text());
  }

  /**
   * Prints the result of a long command: in JSON the last of its lines.
   * @param result - for programs
   * @param text - for people, with its newlines
   */
  printResult(result: unknown, text: () => string): void {
    this.print({ result }, text);
  }

  /**
   * Says something on the way, to people only.
   * @param text - a line without its newline
   */
  say(text: string): void {
    if (!this.isJson) this.context.errorOutput.write(`${text}\n`);
  }

  /**
   * Understands a moment as people write it, in their zone.
   * @param text - also "now" and "bookmark:NAME"
   * @throws TIME_NOT_UNDERSTOOD
   */
  moment(text: string): AskedMoment {
    const words = text.trim();
    if (words.toLowerCase() === 'now') return 'now';
    if (words.startsWith('bookmark:')) return words;
    return formatIsoMoment(this.#micros(words));
  }

  /**
   * Understands a moment that needs no server: never a bookmark.
   * @param text - also "now"
   * @throws TIME_NOT_UNDERSTOOD
   */
  plainMoment(text: string | undefined): IsoMoment | undefined {
    return text === undefined ? undefined : formatIsoMoment(this.#micros(text));
  }

  /**
   * Writes a moment for people, with its zone.
   * @param moment - from a report
   */
  shown(moment: IsoMoment): string {
    return formatMoment(this.#micros(moment), this.context.timeZone);
  }

  /**
   * Writes a moment for a table: with its distance from UTC, without the zone's name.
   * @param moment - from a report; undefined gives an empty cell
   */
  cell(moment: IsoMoment | undefined): string {
    return moment === undefined ? '' : this.shown(moment).replace(/ \([^)]*\)$/, '');
  }

  /**
   * Makes a path absolute, for the server that stands elsewhere.
   * @param path - as it was typed
   */
  path(path: string): string {
    return isAbsolute(path) ? path : resolve(this.context.workingFolder, path);
  }

  /**
   * Checks an address, and makes the path of a socket absolute.
   * @param text - "unix:PATH" or "HOST:PORT"
   * @throws USAGE
   */
  endpoint(text: string): string {
    const endpoint = parseEndpoint(text);
    if (endpoint.kind === 'tcp') {
      this.#warnOfNetwork(endpoint.host);
      return formatEndpoint(endpoint);
    }
    const absolute = formatEndpoint({ kind: 'unix', path: this.path(endpoint.path) });
    return formatEndpoint(parseEndpoint(absolute));
  }

  #warnOfNetwork(host: string): void {
    if (/^(localhost|127\.[\d.]+|::1)$/i.test(host)) return;
    this.say(
      `Warning: NBD is not encrypted; whoever reaches ${host} can read what is served there.`,
    );
  }

  #micros(text: string): number {
    const { clock, timeZone } = this.context;
    const micros = readIsoMoment(text);
    return micros ?? parseTimeText(text, { nowMicros: clock.nowMicros(), timeZone });
  }

  #writeJson(document: unknown): void {
    this.context.output.write(`${JSON.stringify(document)}\n`);
  }
}
