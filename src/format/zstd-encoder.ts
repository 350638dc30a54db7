import { strict as assert } from 'node:assert';
import { constants, createZstdCompress } from 'node:zlib';
import { groupBytesMax } from '../base/limits.ts';
import { insideOf, type ZstdInside } from './zstd-native.ts';

/** Memory kept for what comes out, bytes: enough for every group. */
const keptBytes = 2 * groupBytesMax;

/** Encodes one piece of data after the other, each as a frame of its own. */
export class ZstdEncoder {
  readonly #inside: ZstdInside;
  readonly #kept = Buffer.allocUnsafeSlow(keptBytes);
  #failure: string | undefined;

  /** @param level - of zstd */
  constructor(level: number) {
    const params = { [constants.ZSTD_c_compressionLevel]: level };
    this.#inside = insideOf(createZstdCompress({ params }));
    this.#inside._handle.onerror = (message) => {
      this.#failure = message;
    };
  }

  /**
   * Encodes a frame that tells its length.
   * @param plain - whole content
   * @returns the frame, borrowed until the next call
   */
  encode(plain: Uint8Array): Uint8Array {
    const { _handle, _writeState } = this.#inside;
    const boundBytes = frameBytesMax(plain.length);
    const target = boundBytes <= keptBytes ? this.#kept : Buffer.allocUnsafeSlow(boundBytes);
    const end = constants.ZSTD_e_end;
    _handle.writeSync(end, plain, 0, plain.length, target, 0, target.length);
    const [outputLeft = 0, inputLeft] = _writeState;
    assert(this.#failure === undefined && inputLeft === 0 && outputLeft > 0, this.#failure);
    return target.subarray(0, target.length - outputLeft);
  }
}

/** As ZSTD_compressBound, and a little more, so that a frame never fills its memory to the end. */
function frameBytesMax(plainBytes: number): number {
  return plainBytes + Math.ceil(plainBytes / 256) + 1024;
}
