import { readFileSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';
import type { Random } from '../../src/base/random.ts';
import { sectorBytes } from './break-image.ts';
import { BreakableImage } from './breakable-image.ts';

/** What became of one broken image. */
export interface ImageOutcome {
  readonly isOpened: boolean;
  /** How much was found wrong or refused. */
  readonly findings: number;
}

/** Something that reads disk images. */
export interface ImageTarget {
  /** Kebab-case, as it is asked for on the command line; the image is images/NAME.img.zst. */
  readonly name: string;
  /** Where the structure lies by which the image is recognised, bytes; it is broken oftener than others. */
  readonly headBytes: number;
  /** Spans of the sound image that hold structures; what is zero in them is left alone. */
  readonly structures: (image: BreakableImage) => Promise<readonly ImageSpan[]>;
  /**
   * Reads the image in every way; whatever is thrown is a defect.
   * @param random - decides which of the dearer ways are taken
   */
  readonly use: (image: BreakableImage, random: Random) => Promise<ImageOutcome>;
  /** Makes the checksums of what was broken right, as an attacker would, so that what lies behind them is reached. */
  readonly repair?: (image: BreakableImage) => void;
}

/** A span of an image, bytes. */
export interface ImageSpan {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** A target with its image in memory. */
export interface LoadedImage {
  readonly image: BreakableImage;
  /** Offsets of the sectors to break, bytes; the head comes first. */
  readonly sectors: readonly number[];
}

/** Loads the image of a target. */
export async function loadImage(target: ImageTarget): Promise<LoadedImage> {
  const file = new URL(`images/${target.name}.img.zst`, import.meta.url);
  const image = new BreakableImage(zstdDecompressSync(readFileSync(file)));
  const sectors = new Set([target.headBytes]);
  for (const { offsetBytes, lengthBytes } of await target.structures(image)) {
    const first = offsetBytes - (offsetBytes % sectorBytes);
    for (let at = first; at < offsetBytes + lengthBytes; at += sectorBytes) {
      if (image.bytes.subarray(at, at + sectorBytes).some((byte) => byte !== 0)) sectors.add(at);
    }
  }
  image.restore();
  return { image, sectors: [...sectors] };
}
