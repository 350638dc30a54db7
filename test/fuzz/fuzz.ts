import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { isSecondwindError } from '../../src/base/errors.ts';
import { happens, type Random, seededRandom } from '../../src/base/random.ts';
import { FormatFault } from '../../src/format/format-fault.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { mutate } from './mutate.ts';

/** How many inputs, and which. */
export interface FuzzOptions {
  readonly cases: number;
  /** 0 to 2^32 − 1. */
  readonly seed: number;
  /** Number of the first input, to repeat one of them. */
  readonly first?: number;
}

/** What became of the inputs. */
export interface FuzzReport {
  readonly acceptedCount: number;
  readonly refusedCount: number;
  readonly slowestMs: number;
  /** Most memory that one input took, bytes. */
  readonly allocatedBytes: number;
  /** By how much the resident memory grew over all inputs, bytes. */
  readonly grownBytes: number;
}

const slowMsMax = 1000;
/** So many inputs without a turn of the event loop. */
const turnCases = 100;
const allocationBytesMaxDefault = 4 * 1024 * 1024;
/** Over all inputs, garbage that was not collected yet included. */
const grownBytesMax = 256 * 1024 * 1024;
/** Bytes of every kind of input that fits into a report of a failure. */
const shownBytesMax = 4096;

/**
 * Throws broken input at a target.
 * @param target - what decodes it
 * @param options - how many
 * @returns what became of it; fails with the input and how to repeat it
 */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  for (const sample of target.samples) target.decode(Buffer.from(sample), seededRandom(0));
  const first = options.first ?? 0;
  const report = { acceptedCount: 0, refusedCount: 0, slowestMs: 0, allocatedBytes: 0 };
  const rssBefore = process.memoryUsage.rss();
  for (let index = first; index < first + options.cases; index++) {
    // What Node puts off until its next turn, such as giving back memory of zstd, is not growth.
    if (index % turnCases === 0) await turn();
    const random = seededRandom(options.seed + (index % 2 ** 20) * 2 ** 32);
    const bytes = inputOf(target, random);
    const shown = describe(target, options.seed, index, bytes);
    const outcome = decodeOnce(target, bytes, random, shown);
    report[outcome.isAccepted ? 'acceptedCount' : 'refusedCount'] += 1;
    report.slowestMs = Math.max(report.slowestMs, outcome.tookMs);
    report.allocatedBytes = Math.max(report.allocatedBytes, outcome.allocatedBytes);
  }
  const grownBytes = process.memoryUsage.rss() - rssBefore;
  assert(grownBytes <= grownBytesMax, `${target.name}: memory grew by ${grownBytes} bytes`);
  return { ...report, grownBytes };
}

function inputOf(target: FuzzTarget, random: Random): Buffer {
  const bytes = Buffer.from(mutate(random, target.samples));
  if (happens(random, 0.7)) target.repair?.(bytes);
  return bytes;
}

interface Outcome {
  readonly isAccepted: boolean;
  readonly tookMs: number;
  readonly allocatedBytes: number;
}

function decodeOnce(
  target: FuzzTarget,
  bytes: Buffer,
  random: Random,
  shown: () => string,
): Outcome {
  const memoryBefore = memoryBytes();
  const begin = process.cpuUsage();
  const isAccepted = isTaken(target, bytes, random, shown);
  // Of our own time, so that whoever else keeps the machine busy does not count.
  const { user, system } = process.cpuUsage(begin);
  const tookMs = (user + system) / 1000;
  const allocatedBytes = memoryBytes() - memoryBefore;
  const limit = target.allocationBytesMax ?? allocationBytesMaxDefault;
  assert(allocatedBytes <= limit, `${allocatedBytes} bytes were allocated; ${shown()}`);
  assert(tookMs <= slowMsMax, `it took ${tookMs} ms; ${shown()}`);
  return { isAccepted, tookMs, allocatedBytes };
}

function isTaken(target: FuzzTarget, bytes: Buffer, random: Random, shown: () => string): boolean {
  try {
    target.decode(bytes, random);
    return true;
  } catch (error) {
    const isTheirs = error instanceof FormatFault || isSecondwindError(error);
    assert(isTheirs && !isSecondwindError(error, 'INTERNAL'), `${stackOf(error)}\n${shown()}`);
    return false;
  }
}

function memoryBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function describe(target: FuzzTarget, seed: number, index: number, bytes: Buffer): () => string {
  const hex = bytes.subarray(0, shownBytesMax).toString('hex');
  const again = `npm run fuzz -- ${target.name} --seed ${seed} --first ${index} --cases 1`;
  return () => `${again}; ${bytes.length} bytes: ${hex}`;
}
