import { read, readSync, write, writeSync } from 'node:fs';
import { SecondwindError } from '../base/errors.ts';

/** A span of an open file. */
export interface FilePlace {
  /** Open file descriptor. */
  readonly fd: number;
  /** Where in the file, bytes. */
  readonly position: number;
  /** Name for errors. */
  readonly file: string;
}

/**
 * Fills a buffer from a file in the caller's own turn.
 * @param target - filled whole
 * @param place - where to read
 * @throws IO_FAILED when the file ends early; system errors as they are
 */
export function readWholeSync(target: Uint8Array, place: FilePlace): void {
  let done = 0;
  while (done < target.length) {
    const count = readSync(place.fd, target, done, target.length - done, place.position + done);
    if (count === 0) throw endsEarly(place, done);
    done += count;
  }
}

/**
 * Writes a buffer to a file in the caller's own turn.
 * @param data - written whole
 * @param place - where to write
 * @throws IO_FAILED when nothing more is accepted; system errors as they are
 */
export function writeWholeSync(data: Uint8Array, place: FilePlace): void {
  let done = 0;
  while (done < data.length) {
    const count = writeSync(place.fd, data, done, data.length - done, place.position + done);
    if (count === 0) throw acceptsNothing(place, done);
    done += count;
  }
}

/**
 * Fills a buffer from a file by the thread pool.
 * @param target - filled whole; borrowed until the promise settles
 * @param place - where to read
 */
export function readWhole(target: Uint8Array, place: FilePlace): Promise<void> {
  return new Promise((resolve, reject) => {
    const step = (done: number): void => {
      read(place.fd, target, done, target.length - done, place.position + done, (error, count) => {
        if (error !== null) reject(error);
        else if (count === 0) reject(endsEarly(place, done));
        else if (done + count < target.length) step(done + count);
        else resolve();
      });
    };
    if (target.length === 0) resolve();
    else step(0);
  });
}

/**
 * Writes a buffer to a file by the thread pool.
 * @param data - written whole; borrowed until the promise settles
 * @param place - where to write
 */
export function writeWhole(data: Uint8Array, place: FilePlace): Promise<void> {
  return new Promise((resolve, reject) => {
    const step = (done: number): void => {
      write(place.fd, data, done, data.length - done, place.position + done, (error, count) => {
        if (error !== null) reject(error);
        else if (count === 0) reject(acceptsNothing(place, done));
        else if (done + count < data.length) step(done + count);
        else resolve();
      });
    };
    if (data.length === 0) resolve();
    else step(0);
  });
}

function endsEarly(place: FilePlace, done: number): SecondwindError {
  const reason = `the file ends at byte ${place.position + done}, before the disk does`;
  return new SecondwindError('IO_FAILED', { action: 'Reading', file: place.file, reason });
}

function acceptsNothing(place: FilePlace, done: number): SecondwindError {
  const reason = `nothing more was accepted at byte ${place.position + done}`;
  return new SecondwindError('IO_FAILED', { action: 'Writing', file: place.file, reason });
}
