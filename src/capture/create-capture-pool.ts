import { captureMemoryBytesMax, slabBytes, windowBytesMax } from '../base/limits.ts';
import { SlabPool } from './slab-pool.ts';

/**
 * Makes a pool for the capture of one machine, or of several.
 * @param memoryBytesMax - all its memory, bytes
 */
export function createCapturePool(memoryBytesMax: number = captureMemoryBytesMax): SlabPool {
  return new SlabPool({ memoryBytesMax, reserveBytes: windowBytesMax + 4 * slabBytes });
}
