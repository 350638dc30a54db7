import { SecondwindError } from '../base/errors.ts';

/** Something that a guest's QEMU tells without being asked. */
export interface GuestEvent {
  /** Its name, as in "BLOCK_JOB_ERROR". */
  readonly name: string;
  /** What it says, fields by name. */
  readonly data: JsonObject;
}

/** An object as JSON has it; nothing in it is checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** One message from a monitor or a guest agent. */
export type QmpMessage =
  | { readonly kind: 'greeting' }
  | { readonly kind: 'answer'; readonly id: unknown; readonly answer: unknown }
  | { readonly kind: 'refusal'; readonly id: unknown; readonly reason: string }
  | { readonly kind: 'event'; readonly event: GuestEvent };

/** Longest reason that is passed on, characters: the guest's side may be hostile, and errors are shown to people. */
const reasonCharactersMax = 500;

/**
 * Reads one line of the machine protocol.
 * @param line - without its end
 * @param connection - what the other side is called in errors
 * @throws PROTOCOL
 * @source QEMU, docs/interop/qmp-spec.txt, sections 2.2 to 2.5; the guest agent answers in the same words
 */
export function decodeQmpMessage(line: string, connection: string): QmpMessage {
  const message = parseObject(line, connection);
  const { id } = message;
  if ('return' in message) return { kind: 'answer', id, answer: message['return'] };
  if ('error' in message) return { kind: 'refusal', id, reason: reasonOf(message['error']) };
  if ('QMP' in message) return { kind: 'greeting' };
  if (typeof message['event'] === 'string') {
    const event = { name: message['event'], data: asObject(message['data']) };
    return { kind: 'event', event };
  }
  throw broken(connection, 'a message is neither answer nor event');
}

/**
 * Takes a value for an object, whatever it is.
 * @param value - from JSON
 * @returns the object; an empty one for anything else
 */
export function asObject(value: unknown): JsonObject {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as JsonObject) : {};
}

/**
 * Takes a value for a list of objects, whatever it is.
 * @param value - from JSON
 */
export function asObjects(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.map(asObject) : [];
}

/**
 * Takes a value for a text.
 * @param value - from JSON
 * @returns the text; an empty one for anything else
 */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function parseObject(line: string, connection: string): JsonObject {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return asObject(value);
  } catch (error) {
    throw broken(connection, 'a message is not JSON', error);
  }
  throw broken(connection, 'a message is not an object');
}

function reasonOf(error: unknown): string {
  const words = asText(asObject(error)['desc']);
  const visible = words.toWellFormed().replace(/\p{C}/gu, ' ').slice(0, reasonCharactersMax);
  return visible === '' ? 'no reason was given' : visible;
}

function broken(connection: string, reason: string, cause?: unknown): SecondwindError {
  return new SecondwindError('PROTOCOL', { connection, reason }, cause);
}
