import type { Clock } from '../base/clock.ts';
import type { ScanExclusions } from '../capture/scan/excluded-runs.ts';
import { type ScanResult, scanImage } from '../capture/scan/scan-image.ts';
import type { ExclusionRules } from '../content/exclusions/exclusion-rules.ts';
import type { ReadableDisk } from '../disk/disk.ts';
import { openFileDisk } from '../disk/file-disk.ts';
import type { Repository } from '../repository/index.ts';
import type { ScanReport } from './disk-report.ts';
import type { ExclusionFindings } from './exclusion-report.ts';
import type { ActionContext } from './long-action.ts';
import { isoMoment } from './moments.ts';
import { type PreparedExclusions, ScanPreparation } from './scan-preparation.ts';
import type { DiskAddress } from './use-cases.ts';

/** An image, and what of it is not to be stored. */
export interface ScannedImage {
  /** Absolute path of the file or device. */
  readonly path: string;
  readonly rules: ExclusionRules;
}

/** What a scan did. */
export interface ScanOutcome {
  readonly report: ScanReport;
  /** What it left out; undefined when there are no rules. */
  readonly found: ExclusionFindings | undefined;
}

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
   * @param image - file or device, and what of it is not to be stored
   * @param action - progress and interruption
   * @throws NOT_A_DISK, IO_FAILED, NO_SPACE, DAMAGED, INTERRUPTED
   */
  async scan(name: DiskAddress, image: ScannedImage, action: ActionContext): Promise<ScanOutcome> {
    const clock = this.#clock;
    const startMs = clock.steadyMs();
    await using closing = new AsyncDisposableStack();
    const preparation = await ScanPreparation.begin(image.path, image.rules, clock);
    closing.defer(() => preparation.close());
    const disk = await openFileDisk(image.path, { clock, isReadOnly: true });
    closing.defer(() => disk.close());
    const prepared = await preparation.find(name, disk, action);
    const result = await this.#scanDisk(name, disk, prepared.exclusions, action);
    const found = findingsOf(prepared, result);
    const report = {
      machine: name.machine,
      disk: name.disk,
      point: isoMoment(result.timeMicros),
      sizeBytes: disk.sizeBytes,
      readBytes: result.readBytes,
      changedBytes: result.changedBytes,
      storedBytes: result.storedBytes,
      excludedBytes: (found?.fileBytes ?? 0) + (found?.unallocatedBytes ?? 0),
      notes: found?.notes ?? prepared.notes,
      durationMs: Math.round(clock.steadyMs() - startMs),
    };
    return { report, found };
  }

  #scanDisk(
    name: DiskAddress,
    disk: ReadableDisk,
    exclusions: ScanExclusions | undefined,
    action: ActionContext,
  ): Promise<ScanResult> {
    return scanImage({
      disk,
      name: { machine: name.machine, disk: name.disk },
      sink: this.#repository,
      views: this.#repository,
      clock: this.#clock,
      signal: action.signal,
      progress: (done, total) => {
        action.progress({ phase: 'Comparing', done, total, unit: 'bytes' });
      },
      ...(exclusions === undefined ? {} : { exclusions }),
    });
  }
}

const written = 'nothing is excluded: it was written to while it was read';

function findingsOf(
  { found, notes }: PreparedExclusions,
  { timeMicros, isExcluding }: ScanResult,
): ExclusionFindings | undefined {
  const point = isoMoment(timeMicros);
  if (found === undefined) {
    return notes.length === 0
      ? undefined
      : { point, fileBytes: 0, fileCount: 0, unallocatedBytes: 0, notes };
  }
  if (!isExcluding)
    return { point, fileBytes: 0, fileCount: 0, unallocatedBytes: 0, notes: [written] };
  const { fileBytes, fileCount, unallocatedBytes } = found;
  return { point, fileBytes, fileCount, unallocatedBytes, notes };
}
