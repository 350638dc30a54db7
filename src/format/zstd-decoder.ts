import { constants, createZstdDecompress } from 'node:zlib';

/** The part of Node's decoder that works in its caller's memory; the test beside this file fails should it change. */
interface NativeDecoder {
  /** Makes ready for the next frame, also when the one before was not read to its end. */
  reset(): void;
  /** Decodes in the caller's own turn; how much of output and input is left then stands in `_writeState`. */
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputBytes: number,
    output: Uint8Array,
    outputOffset: number,
    outputBytes: number,
  ): void;
  /** Hears of failures. */
  onerror: (message: string) => void;
}

interface DecoderInside {
  readonly _handle: NativeDecoder;
  readonly _writeState: Uint32Array;
}

/**
 * Decodes zstd frames one after the other into memory that is given. `zstdDecompressSync` sets up a context and takes new
 * memory from the system for every frame, which costs twice as much time as the decoding itself (1,100 against 350 MB/s for
 * frames of 256 KiB, a quarter of it in the kernel); Node shows no other way to keep either.
 */
export class ZstdDecoder {
  #inside = newInside();
  #failure: string | undefined;

  /**
   * Decodes one frame.
   * @param packed - the whole frame
   * @param target - filled from its start; as long as the frame's content should be, bytes
   * @returns what is wrong with the frame, in words; undefined when its content fills the target exactly
   */
  decode(packed: Uint8Array, target: Uint8Array): string | undefined {
    this.#failure = undefined;
    const { _handle, _writeState } = this.#inside;
    _handle.onerror = (message) => {
      this.#failure = message;
    };
    _handle.reset();
    const end = constants.ZSTD_e_end;
    _handle.writeSync(end, packed, 0, packed.length, target, 0, target.length);
    // While anything is left to come out, the decoder holds back the last byte of its input.
    const isExact = packed.length > 0 && _writeState[0] === 0 && _writeState[1] === 0;
    if (isExact && this.#failure === undefined) return undefined;
    // A decoder that failed once goes on telling of that failure.
    this.#inside = newInside();
    return this.#failure ?? 'its content has another length than it should';
  }
}

function newInside(): DecoderInside {
  return createZstdDecompress() as unknown as DecoderInside;
}
