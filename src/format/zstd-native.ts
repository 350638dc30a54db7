import type { ZstdCompress, ZstdDecompress } from 'node:zlib';

/**
 * The part of Node's zstd streams that works in its caller's memory and turn, and can be used again. `zstdCompressSync` and
 * `zstdDecompressSync` set up a context and take new memory from the system for every call: with groups of 256 KiB that costs as
 * much as compressing at level 1 (249 against 491 MB/s of processor time), and twice as much as decompressing (357 against
 * 1,086). Node shows no other way to keep either. Nobody else uses these; the tests of coder and decoder fail should they change.
 */
interface NativeHandle {
  /** Gives a decoder a new frame to look for, also when the one before was not read to its end. Makes an encoder forget its level. */
  reset(): void;
  /** Works off the whole input, or as much as there is room for the output. */
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputBytes: number,
    output: Uint8Array,
    outputOffset: number,
    outputBytes: number,
  ): void;
  /** Hears of failures; the handle is of no further use then. */
  onerror: (message: string) => void;
}

/** A zstd stream of Node's, seen from inside. */
export interface ZstdInside {
  /** What works. */
  readonly _handle: NativeHandle;
  /** After each write: bytes left of the output, and of the input. */
  readonly _writeState: Uint32Array;
}

/**
 * Looks inside a stream, which is then not to be used as one.
 * @param stream - new
 */
export function insideOf(stream: ZstdCompress | ZstdDecompress): ZstdInside {
  return stream as unknown as ZstdInside;
}
