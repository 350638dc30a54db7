import type { Clock } from '../base/clock.ts';
import { scanImage } from '../capture/scan/scan-image.ts';
import { openFileDisk } from '../disk/file-disk.ts';
import type { Repository } from '../repository/index.ts';
import type { ScanReport } from './disk-report.ts';
import type { ActionContext } from './long-action.ts';
import { isoMoment } from './moments.ts';
import type { DiskAddress } from './use-cases.ts';

/** Compares images with what is stored of them, and stores what differs. */
export class ImageScanner {
  readonly #repository: Repository;
  readonly #clock: Clock;

  /**
   * @param repository - what is stored, and where commits go
   * @param clock - decides their time
   */
  constructor(repository: Repository, clock: Clock) {
    this.#repository = repository;
    this.#clock = clock;
  }

  /**
   * Scans an image once.
   * @param name - the disk it is an image of
   * @param path - file or device
   * @param action - progress and interruption
   * @throws NOT_A_DISK, IO_FAILED, NO_SPACE, DAMAGED, INTERRUPTED
   */
  async scan(name: DiskAddress, path: string, action: ActionContext): Promise<ScanReport> {
    const clock = this.#clock;
    const startMs = clock.steadyMs();
    const disk = await openFileDisk(path, { clock, isReadOnly: true });
    try {
      const result = await scanImage({
        disk,
        name,
        sink: this.#repository,
        views: this.#repository,
        clock,
        signal: action.signal,
        progress: (done, total) => {
          action.progress({ phase: 'Comparing', done, total, unit: 'bytes' });
        },
      });
      return {
        machine: name.machine,
        disk: name.disk,
        point: isoMoment(result.timeMicros),
        sizeBytes: disk.sizeBytes,
        readBytes: result.readBytes,
        changedBytes: result.changedBytes,
        storedBytes: result.storedBytes,
        durationMs: Math.round(clock.steadyMs() - startMs),
      };
    } finally {
      await disk.close();
    }
  }
}
