import type { RootDatabase } from 'lmdb';
import type { KeyRange } from './ordered-store.ts';

/** What a table is opened with; the binding's types leave out the encoders, its manual does not. */
type TableOptions = NonNullable<Parameters<RootDatabase['openDB']>[1]>;

/**
 * How rows get out of LMDB's memory: copied into shared slabs. The binding's own binary encoding makes a memory block of
 * its own for every key and value, which costs more than the look-up.
 */
export const tableOptions: TableOptions = {
  cache: false,
  encoder: {
    encode: (value: Buffer) => value,
    decode: (source: Buffer) => copyOut(source, 0, source.length),
  },
  keyEncoder: {
    writeKey: (key: Uint8Array, target: Buffer, at: number) => {
      target.set(key, at);
      return at + key.length;
    },
    readKey: copyOut,
  },
} as TableOptions;

/** The smallest key there can be: without it the binding begins where it thinks fit. */
const firstKey = Buffer.of(0);

/**
 * Says in the binding's words which rows are wanted.
 * @param range - in ours
 */
export function rangeOptions(range: KeyRange): object {
  const { from = firstKey, before, limit } = range;
  if (range.isDescending !== true) {
    return { start: from, limit, ...(before === undefined ? {} : { end: before }) };
  }
  const start = before === undefined ? {} : { start: before, exclusiveStart: true };
  return { ...start, end: from, inclusiveEnd: true, limit, reverse: true };
}

/** Up to here copying byte by byte is quicker than making a view of the source. */
const loopBytesMax = 128;

/** The source's length may be pretended by the binding; only its bytes from `start` to `end` are real. */
function copyOut(source: Buffer, start: number, end: number): Buffer {
  const target = Buffer.allocUnsafe(end - start);
  if (target.length > loopBytesMax) {
    target.set(new Uint8Array(source.buffer, source.byteOffset + start, target.length));
    return target;
  }
  for (let index = start; index < end; index++) target[index - start] = source[index]!;
  return target;
}
