import { open } from 'node:fs/promises';
import { regionBytes } from '../../src/base/limits.ts';
import { systemClock } from '../../src/base/system-clock.ts';
import { measuredDisk, withStore } from './open-store.ts';

const commitBytes = 32 * 2 ** 20;

/** Stand-in. */
export async function scanInto(folder: string, image: string, disk = ''): Promise<unknown> {
  return withStore(folder, async (repository) => {
    const file = await open(image);
    const { size } = await file.stat();
    const inFlight: Promise<unknown>[] = [];
    for (let at = 0; at < size; at += commitBytes) {
      const runs = [];
      const end = Math.min(size, at + commitBytes);
      for (let piece = at; piece < end; piece += regionBytes) {
        const data = new Uint8Array(new SharedArrayBuffer(Math.min(regionBytes, end - piece)));
        await file.read(data, 0, data.length, piece);
        runs.push({ firstBlock: piece / 4096, blockCount: data.length / 4096, data });
      }
      inFlight.push(
        repository.append({
          machine: measuredDisk.machine,
          timeMicros: systemClock.nowMicros(),
          consistency: 'fuzzy',
          disks: [
            {
              disk: disk === '' ? measuredDisk.disk : disk,
              sizeBytes: size,
              state: end === size ? 'whole' : 'filling',
              runs,
            },
          ],
        }),
      );
      if (inFlight.length > 2) await inFlight.shift();
    }
    await Promise.all(inFlight);
    await file.close();
  });
}
