import type { Awaitable } from '../disk/disk.ts';

/**
 * Goes on with a value at once when it is there, and later when it is not: what the metadata cache holds then costs no turn of the event
 * loop, which is most of the time of a walk over a million files.
 * @param value - a value, or the promise of one
 * @param next - what to do with it
 * @returns its result; a promise only where something had to wait
 */
export function andThen<Value, Result>(
  value: Awaitable<Value>,
  next: (value: Value) => Awaitable<Result>,
): Awaitable<Result> {
  return value instanceof Promise ? value.then(next) : next(value);
}
