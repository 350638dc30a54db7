import { constants, createZstdDecompress } from 'node:zlib';
import { insideOf, type ZstdInside } from './zstd-native.ts';

/** Decodes zstd frames one after the other into memory that is given. */
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

function newInside(): ZstdInside {
  return insideOf(createZstdDecompress());
}
