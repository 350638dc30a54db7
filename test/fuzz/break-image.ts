import { happens, integerBelow, oneOf, type Random } from '../../src/base/random.ts';
import type { BreakableImage } from './breakable-image.ts';

/** Where structures lie: sectors of metadata that are not all zero. */
export const sectorBytes = 512;
const extremes = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];
type Change = (random: Random, image: BreakableImage, sectors: readonly number[]) => void;

/**
 * Breaks an image in one to four places.
 * @param random - decides everything
 * @param image - the image
 * @param sectors - offsets of sectors with metadata, bytes; the first one is broken oftener than others
 */
export function breakImage(
  random: Random,
  image: BreakableImage,
  sectors: readonly number[],
): void {
  for (let count = 1 + integerBelow(random, 4); count > 0; count -= 1) {
    oneOf(random, changes)(random, image, sectors);
  }
}

const changes: readonly Change[] = [
  flipBit,
  flipBit,
  setNumber,
  setNumber,
  setNumber,
  addToNumber,
  copyNumber,
  copyNumber,
  copySector,
  clear,
];

/** Half of them near the start of a sector, where heads are. */
function place(random: Random, image: BreakableImage, sectors: readonly number[]): number {
  if (happens(random, 0.03)) return integerBelow(random, image.sizeBytes);
  const sector = happens(random, 0.05) ? sectors[0]! : oneOf(random, sectors);
  const within = integerBelow(random, happens(random, 0.5) ? 96 : sectorBytes);
  return Math.min(sector + within, image.sizeBytes - 1);
}

function flipBit(random: Random, image: BreakableImage, sectors: readonly number[]): void {
  const at = place(random, image, sectors);
  image.write(at, Buffer.of(image.bytes[at]! ^ (1 << integerBelow(random, 8))));
}

function setNumber(random: Random, image: BreakableImage, sectors: readonly number[]): void {
  const width = oneOf(random, [1, 2, 4, 8]);
  const value = happens(random, 0.6) ? oneOf(random, extremes) : BigInt(random.uint32());
  writeNumber(random, image, { at: aligned(place(random, image, sectors), width), width, value });
}

/** Off by a little is what limits are tested with. */
function addToNumber(random: Random, image: BreakableImage, sectors: readonly number[]): void {
  const width = oneOf(random, [1, 2, 4]);
  const at = aligned(place(random, image, sectors), width);
  if (at + width > image.sizeBytes) return;
  const value = image.bytes.readUIntLE(at, width) + oneOf(random, [-8, -1, 1, 8, 512]);
  writeNumber(random, image, { at, width, value: BigInt.asUintN(64, BigInt(value)) });
}

/** A number that is right elsewhere: links into other structures, and circles. */
function copyNumber(random: Random, image: BreakableImage, sectors: readonly number[]): void {
  const width = oneOf(random, [2, 4, 8]);
  const from = aligned(place(random, image, sectors), width);
  const to = aligned(place(random, image, sectors), width);
  image.write(to, Buffer.from(image.bytes.subarray(from, from + width)));
}

/** A sound structure where another one belongs. */
function copySector(random: Random, image: BreakableImage, sectors: readonly number[]): void {
  const from = oneOf(random, sectors);
  const lengthBytes = oneOf(random, [32, 64, sectorBytes, 2 * sectorBytes]);
  image.write(oneOf(random, sectors), Buffer.from(image.bytes.subarray(from, from + lengthBytes)));
}

function clear(random: Random, image: BreakableImage, sectors: readonly number[]): void {
  const fill = happens(random, 0.5) ? 0 : 0xff;
  image.write(place(random, image, sectors), Buffer.alloc(1 + integerBelow(random, 64), fill));
}

const aligned = (at: number, width: number): number => at - (at % width);

function writeNumber(
  random: Random,
  image: BreakableImage,
  { at, width, value }: { readonly at: number; readonly width: number; readonly value: bigint },
): void {
  const field = Buffer.alloc(8);
  if (happens(random, 0.7)) field.writeBigUInt64LE(value);
  else field.writeBigUInt64BE(BigInt.asUintN(64, value << BigInt(64 - 8 * width)));
  image.write(at, field.subarray(0, width));
}
