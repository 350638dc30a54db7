import type { Clock } from './clock.ts';
import { isSecondwindError } from './errors.ts';
import { logValueCharactersMax } from './limits.ts';

/** How much a line matters, least first. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * The facts of a line, by name: strings, numbers, booleans, caught errors, small plain objects. One whose name speaks
 * of a key, passphrase or secret is never written out, and neither are bytes: they might be a customer's data.
 */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where a part of the product says what it does. Handed in; never fails. */
export interface Logger {
  /**
   * Says something that only helps to find a bug.
   * @param message - a sentence without its full stop
   * @param fields - the facts
   */
  debug(message: string, fields?: LogFields): void;
  /**
   * Says that something worth knowing happened.
   * @param message - a sentence without its full stop
   * @param fields - the facts
   */
  info(message: string, fields?: LogFields): void;
  /**
   * Says that something is not as it should be, but was dealt with.
   * @param message - a sentence without its full stop
   * @param fields - the facts
   */
  warn(message: string, fields?: LogFields): void;
  /**
   * Says that something failed and somebody must look.
   * @param message - a sentence without its full stop
   * @param fields - the facts
   */
  error(message: string, fields?: LogFields): void;
  /**
   * A logger that adds facts to each of its lines.
   * @param fields - the facts
   */
  with(fields: LogFields): Logger;
}

/** How a logger is made. */
export interface LoggerOptions {
  /** Lines that matter less are left out. */
  readonly level: LogLevel;
  /** One JSON object a line, or words for people. */
  readonly format: 'json' | 'human';
  /** Tells the time of each line. */
  readonly clock: Clock;
  /** Takes one line, its newline included; must not throw. */
  readonly write: (line: string) => void;
}

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/**
 * Makes a logger.
 * @param options - see LoggerOptions
 * @param facts - facts that stand on every line
 */
export function createLogger(options: LoggerOptions, facts: LogFields = {}): Logger {
  const levelMin = levels.indexOf(options.level);
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (levels.indexOf(level) < levelMin) return;
      const time = new Date(options.clock.nowMicros() / 1000).toISOString();
      const line = {
        time,
        level,
        message: cut(message),
        fields: plainFields({ ...facts, ...fields }),
      };
      options.write(options.format === 'json' ? jsonLine(line) : humanLine(line));
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => createLogger(options, { ...facts, ...fields }),
  };
}

/** A logger that says nothing, for tests and for tools that print their own words. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLogger,
};

type PlainValue = string | number | boolean | null;
type PlainFields = Readonly<Record<string, PlainValue>>;

interface Line {
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: PlainFields;
}

function jsonLine(line: Line): string {
  const { fields, ...head } = line;
  return `${JSON.stringify({ ...fields, ...head })}\n`;
}

function humanLine(line: Line): string {
  const facts = Object.entries(line.fields).map(
    ([name, value]) => ` ${visible(name)}=${humanValue(value)}`,
  );
  return `${line.time} ${line.level.toUpperCase().padEnd(5)} ${visible(line.message)}${facts.join('')}\n`;
}

function humanValue(value: PlainValue): string {
  const text = String(value);
  return /^[^\s"=\p{C}]+$/u.test(text) ? text : JSON.stringify(text);
}

/** Control characters could forge lines or drive a terminal. */
function visible(text: string): string {
  return text.replace(/\p{C}/gu, '�');
}

function plainFields(fields: LogFields): PlainFields {
  const plain: Record<string, PlainValue> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (isSecretName(name)) plain[name] = '[hidden]';
    else if (value instanceof Error) Object.assign(plain, errorFields(name, value));
    else plain[name] = plainValue(value);
  }
  return plain;
}

function plainValue(value: unknown): PlainValue {
  switch (typeof value) {
    case 'number':
    case 'boolean':
      return value;
    case 'string':
      return cut(value);
    case 'object':
      return value === null ? null : jsonValue(value);
    default:
      return cut(String(value));
  }
}

function jsonValue(value: object): string {
  try {
    return cut(JSON.stringify({ value }, withoutSecrets).slice('{"value":'.length, -1));
  } catch {
    return '[unprintable]'; // In a circle, or with a bigint inside: logging must never fail.
  }
}

function withoutSecrets(this: unknown, name: string, value: unknown): unknown {
  if (isSecretName(name)) return '[hidden]';
  // What stands in the object itself: a Buffer has turned into an array of numbers by the time it is `value`.
  const original = (this as Readonly<Record<string, unknown>>)[name];
  const isBytes = ArrayBuffer.isView(original) || original instanceof ArrayBuffer;
  return isBytes ? `[${original.byteLength} bytes]` : value;
}

/** The code of an error of the table and the words of all causes; for a bug of ours the stack too. */
function errorFields(name: string, error: Error): PlainFields {
  if (isSecondwindError(error)) {
    return { [`${name}Code`]: error.code, [name]: cut(causeChain(error)) };
  }
  return { [name]: cut(causeChain(error)), [`${name}Stack`]: cut(error.stack ?? '') };
}

function causeChain(error: Error): string {
  const messages: string[] = [];
  const depthMax = 8;
  let cause: unknown = error;
  while (cause instanceof Error && messages.length < depthMax) {
    messages.push(cause.message);
    cause = cause.cause;
  }
  return messages.join(' | because: ');
}

function cut(text: string): string {
  return text.length > logValueCharactersMax ? `${text.slice(0, logValueCharactersMax)}…` : text;
}

const secretWords = new Set([
  'passphrase',
  'passphrases',
  'password',
  'secret',
  'secrets',
  'token',
]);
const keyForms = new Set(['key', 'keys', 'bytes', 'hex', 'text', 'base64', 'material']);

/** Whether a field's name says that it holds a secret: "key", "masterKey", "keyHex", "passphrase", but not "keySlot". */
function isSecretName(name: string): boolean {
  const words = name.split(/[_.-]|(?<=[a-z0-9])(?=[A-Z])/);
  const lower = words.map((word) => word.toLowerCase());
  const isKey = lower.some((word) => word === 'key' || word === 'keys');
  return lower.some((word) => secretWords.has(word)) || (isKey && keyForms.has(lower.at(-1) ?? ''));
}
