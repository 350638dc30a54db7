import type { ReadableDisk } from '../../src/disk/disk.ts';
import { MemoryDisk } from '../../src/disk/memory-disk.ts';
import { isAllZero } from '../../src/disk/zeroes.ts';
import type { View } from '../../src/repository/index.ts';

/** A view of what a memory disk holds, with the name and time a real one has. */
export class MemoryView extends MemoryDisk implements View {
  readonly name = { machine: 'web', disk: 'root' };
  readonly timeMicros = 1_763_730_309_250_000;
}

/** A view of some bytes. */
export function viewOf(content: Buffer): MemoryView {
  const view = new MemoryView(content.length);
  view.write(content, 0);
  // Writing leaves no holes; zeroing again what is zero brings them back.
  for (let at = 0; at < content.length; at += 65_536) {
    const end = Math.min(at + 65_536, content.length);
    if (isAllZero(content.subarray(at, end))) view.writeZeroes(at, end - at);
  }
  return view;
}

/** All bytes of a disk. */
export async function contentOf(disk: ReadableDisk): Promise<Buffer> {
  const content = Buffer.alloc(disk.sizeBytes);
  for (let at = 0; at < content.length; at += 2 ** 20) {
    await disk.read(content.subarray(at, at + 2 ** 20), at);
  }
  return content;
}
