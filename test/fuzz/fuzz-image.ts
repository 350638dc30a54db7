import assert from 'node:assert/strict';
import { happens, seededRandom } from '../../src/base/random.ts';
import { breakImage } from './break-image.ts';
import type { FuzzOptions } from './fuzz.ts';
import { type ImageTarget, type LoadedImage, loadImage } from './image-target.ts';

/** What became of the images. */
export interface ImageFuzzReport {
  /** Opened at all. */
  openedCount: number;
  /** Something was found wrong or refused. */
  refusedCount: number;
  /** Most processor time that one image took. */
  slowestMs: number;
  /** Most memory that one image took, bytes. */
  allocatedBytes: number;
}

const slowMsMax = 1000;
const allocationBytesMax = 256 * 2 ** 20;

/**
 * Breaks the image of a target, reads all of it, and puts it right again, many times. It fails with how to repeat it at any error but
 * those that a reader may throw, at 256 MiB of memory, and at too many reads or, where `isTimed`, a second of processor time.
 * @param target - what reads it
 * @param options - how many
 */
export async function fuzzImage(
  target: ImageTarget,
  options: FuzzOptions & { readonly isTimed?: boolean },
): Promise<ImageFuzzReport> {
  const loaded = await loadImage(target);
  const report = { openedCount: 0, refusedCount: 0, slowestMs: 0, allocatedBytes: 0 };
  const first = options.first ?? 0;
  for (let index = first; index < first + options.cases; index += 1) {
    try {
      await fuzzOnce(target, loaded, options.seed + (index % 2 ** 20) * 2 ** 32, report);
      assert(report.allocatedBytes <= allocationBytesMax, `${report.allocatedBytes} bytes at once`);
      const isSlow = options.isTimed === true && report.slowestMs > slowMsMax;
      assert(!isSlow, `${report.slowestMs} ms of processor time`);
    } catch (cause) {
      const again = `npm run fuzz -- ${target.name} --seed ${options.seed} --first ${index} --cases 1`;
      throw new Error(`${again}: ${String(cause)}`, { cause });
    } finally {
      loaded.image.restore();
    }
  }
  return report;
}

async function fuzzOnce(
  target: ImageTarget,
  { image, sectors }: LoadedImage,
  seed: number,
  report: ImageFuzzReport,
): Promise<void> {
  const random = seededRandom(seed);
  breakImage(random, image, sectors);
  if (happens(random, 0.85)) target.repair?.(image);
  const memoryBefore = memoryBytes();
  const begin = process.cpuUsage();
  const { isOpened, findings } = await target.use(image, random);
  const { user, system } = process.cpuUsage(begin);
  report.slowestMs = Math.max(report.slowestMs, (user + system) / 1000);
  report.allocatedBytes = Math.max(report.allocatedBytes, memoryBytes() - memoryBefore);
  if (isOpened) report.openedCount += 1;
  if (findings > 0) report.refusedCount += 1;
}

function memoryBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
