import { SecondwindError } from '../base/errors.ts';
import { protectedDisksMax } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import { checkName } from '../base/names.ts';
import type { Repository } from '../repository/index.ts';
import { inspectBacking } from './backing-file.ts';
import type { Catalogue } from './catalogue.ts';
import type { DiskRow } from './catalogue-row.ts';
import { type DiskFacts, describeDisk } from './describe-disk.ts';
import type { DiskOrder, DiskReport, ScanReport } from './disk-report.ts';
import type { ImageScanner } from './image-scanner.ts';
import type { LiveTaps } from './live-taps.ts';
import type { ActionContext, ActionProgress } from './long-action.ts';
import type { DiskAddress, DiskCases } from './use-cases.ts';

/** What protecting disks needs. */
export interface ProtectedDisksParts {
  /** Which disks are protected. */
  readonly catalogue: Catalogue;
  /** What is stored of them. */
  readonly repository: Repository;
  /** The taps that run. */
  readonly taps: LiveTaps;
  /** Reads images. */
  readonly scanner: ImageScanner;
  /** Hears of disks that cannot be protected. */
  readonly log: Logger;
}

const windowMsDefault = 1_000;
const windowMsMin = 10;
const windowMsMax = 3_600_000;

/** Protecting disks: see DiskCases. */
export class ProtectedDisks implements DiskCases {
  readonly #parts: ProtectedDisksParts;
  /** Why disks failed to start, by "machine/disk". */
  readonly #failures = new Map<string, string>();
  /** Scans under way, with their newest progress. */
  readonly #scans = new Map<string, ActionProgress | undefined>();

  /** @param parts - see ProtectedDisksParts */
  constructor(parts: ProtectedDisksParts) {
    this.#parts = parts;
  }

  /** Starts every tap of the catalogue. One that cannot start is shown as failed, and keeps nobody else from starting. */
  async startAll(): Promise<void> {
    for (const row of this.#parts.catalogue.disks()) {
      if (row.source !== 'tap') continue;
      try {
        await this.#startTap(row);
      } catch (error) {
        this.#parts.log.error('A disk cannot be protected', { disk: key(row), error });
      }
    }
  }

  /** @inheritdoc */
  list(): readonly DiskReport[] {
    const rows = new Map(this.#parts.catalogue.disks().map((row) => [key(row), row]));
    const summaries = this.#parts.repository.disks();
    const stored = new Map(summaries.map((summary) => [key(summary.name), summary]));
    const names = [...new Set([...rows.keys(), ...stored.keys()])].sort();
    return names.map((name) => describeDisk(this.#facts(name, rows.get(name), stored.get(name))));
  }

  /** @inheritdoc */
  async add(order: DiskOrder): Promise<DiskReport> {
    const row = rowOf(order);
    const rows = this.#parts.catalogue.disks();
    if (rows.some((known) => key(known) === key(row))) {
      throw new SecondwindError('ALREADY_EXISTS', { what: 'protected disk', name: key(row) });
    }
    if (rows.length >= protectedDisksMax) {
      const data = { what: 'The number of protected disks', value: rows.length + 1 };
      throw new SecondwindError('LIMIT_EXCEEDED', { ...data, limit: protectedDisksMax });
    }
    if (row.source === 'image') {
      await inspectBacking(row.path, this.#parts.taps.all());
      this.#parts.catalogue.putDisk(row);
    } else {
      await this.#addTap(row);
    }
    return this.#report(row);
  }

  /** @inheritdoc */
  async pause(name: DiskAddress): Promise<DiskReport> {
    const row = this.#tapRow(name, 'paused');
    this.#parts.catalogue.putDisk({ ...row, isPaused: true });
    if (this.#parts.taps.find(row.machine, row.disk) !== undefined) {
      this.#parts.taps.setPaused(row, true);
    }
    return this.#report(name);
  }

  /** @inheritdoc */
  async resume(name: DiskAddress): Promise<DiskReport> {
    const row = { ...this.#tapRow(name, 'resumed'), isPaused: false };
    if (this.#parts.taps.find(row.machine, row.disk) === undefined) await this.#startTap(row);
    else this.#parts.taps.setPaused(row, false);
    this.#parts.catalogue.putDisk(row);
    return this.#report(name);
  }

  /** @inheritdoc */
  async remove(name: DiskAddress): Promise<DiskReport> {
    const row = this.#row(name);
    if (this.#scans.has(key(row))) throw scanUnderWay(row);
    if (row.source === 'tap') await this.#parts.taps.stop(row);
    this.#parts.catalogue.removeDisk(row.machine, row.disk);
    this.#failures.delete(key(row));
    return this.#report(name);
  }

  /** @inheritdoc */
  async scan(name: DiskAddress, action: ActionContext): Promise<ScanReport> {
    const row = this.#row(name);
    if (row.source === 'tap') {
      const reason = `${key(row)} is a tap: every write is captured, and nothing needs to be scanned`;
      throw new SecondwindError('USAGE', { reason });
    }
    if (this.#scans.has(key(row))) throw scanUnderWay(row);
    this.#scans.set(key(row), undefined);
    try {
      const progress = (newest: ActionProgress): void => {
        this.#scans.set(key(row), newest);
        action.progress(newest);
      };
      return await this.#parts.scanner.scan(name, row.path, { ...action, progress });
    } finally {
      this.#scans.delete(key(row));
    }
  }

  /** A tap without its row in the catalogue would be lost at a restart, so it is ended when the row cannot be written. */
  async #addTap(row: DiskRow): Promise<void> {
    const tap = await this.#parts.taps.start(row);
    try {
      this.#parts.catalogue.putDisk(tap.row);
    } catch (error) {
      await this.#parts.taps.stop(tap.row);
      throw error;
    }
  }

  async #startTap(row: DiskRow): Promise<void> {
    try {
      await this.#parts.taps.start(row);
      this.#failures.delete(key(row));
    } catch (error) {
      this.#failures.set(key(row), error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  #report(name: DiskAddress): DiskReport {
    const row = this.#parts.catalogue.disks().find((known) => key(known) === key(name));
    const summaries = this.#parts.repository.disks();
    const summary = summaries.find((known) => key(known.name) === key(name));
    return describeDisk(this.#facts(key(name), row, summary));
  }

  #facts(name: string, row: DiskRow | undefined, summary: DiskFacts['summary']): DiskFacts {
    const [machine = '', disk = ''] = name.split('/');
    const { taps } = this.#parts;
    const tap = taps.find(machine, disk);
    return {
      machine,
      disk,
      row,
      summary,
      capture: taps.status(machine),
      tap,
      clientCount: tap === undefined ? 0 : taps.clientCount(tap),
      failure: this.#failures.get(name),
      isScanning: this.#scans.has(name),
      scan: this.#scans.get(name),
    };
  }

  #row(name: DiskAddress): DiskRow {
    const row = this.#parts.catalogue.disks().find((known) => key(known) === key(name));
    if (row !== undefined) return row;
    this.#parts.repository.disk(name); // Says what is unknown: the machine or the disk.
    const reason = `${key(name)} is not protected any more; only its points remain`;
    throw new SecondwindError('USAGE', { reason });
  }

  #tapRow(name: DiskAddress, participle: string): DiskRow {
    const row = this.#row(name);
    if (row.source === 'tap') return row;
    const reason = `${key(row)} is an image; it is read only when "disk scan" is called, and cannot be ${participle}`;
    throw new SecondwindError('USAGE', { reason });
  }
}

function key(name: DiskAddress): string {
  return `${name.machine}/${name.disk}`;
}

function scanUnderWay(row: DiskRow): SecondwindError {
  return new SecondwindError('IN_USE', { what: key(row), reason: 'it is being scanned' });
}

function rowOf(order: DiskOrder): DiskRow {
  const name = {
    machine: checkName('machine', order.machine),
    disk: checkName('disk', order.disk),
  };
  const { source, path, listen = '', windowMs = windowMsDefault, isCutAtFlush = false } = order;
  const isTap = source === 'tap';
  if (isTap !== (listen !== '')) {
    throw new SecondwindError('USAGE', {
      reason: 'A tap needs an address to listen at, an image none',
    });
  }
  if (isTap && (windowMs < windowMsMin || windowMs > windowMsMax)) {
    const reason = `A window lasts ${windowMsMin} ms to ${windowMsMax} ms, not ${windowMs}`;
    throw new SecondwindError('USAGE', { reason });
  }
  const captured = { windowMs: isTap ? windowMs : 0, isCutAtFlush, isPaused: false };
  return { ...name, source, path, listen, ...captured };
}
