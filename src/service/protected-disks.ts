import { SecondwindError } from '../base/errors.ts';
import { protectedDisksMax } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import { checkName } from '../base/names.ts';
import type { Repository } from '../repository/index.ts';
import { inspectBacking } from './backing-file.ts';
import { checkWindow } from './capture-window.ts';
import type { Catalogue } from './catalogue.ts';
import type { DiskRow } from './catalogue-row.ts';
import { type DiskFacts, describeDisk } from './describe-disk.ts';
import type { DiskExclusions } from './disk-exclusions.ts';
import type { DiskOrder, DiskReport, ScanReport } from './disk-report.ts';
import type { ImageScanner } from './image-scanner.ts';
import type { LiveDevices } from './live-devices.ts';
import type { LiveGuests } from './live-guests.ts';
import type { LiveTaps } from './live-taps.ts';
import type { ActionContext, ActionProgress } from './long-action.ts';
import type { MachineCaptures } from './machine-captures.ts';
import type { DiskAddress, DiskCases } from './use-cases.ts';
import { diskHealth } from './verify/disk-health.ts';

/** What protecting disks needs. */
export interface ProtectedDisksParts {
  /** Which disks are protected. */
  readonly catalogue: Catalogue;
  /** What is stored of them. */
  readonly repository: Repository;
  /** The taps that run. */
  readonly taps: LiveTaps;
  /** The devices of this system that are captured. */
  readonly devices: LiveDevices;
  /** The guests that are mirrored. */
  readonly guests: LiveGuests;
  /** What is captured now. */
  readonly captures: MachineCaptures;
  /** Reads images. */
  readonly scanner: ImageScanner;
  /** Knows what of images is not to be stored. */
  readonly exclusions: DiskExclusions;
  /** Hears of disks that cannot be protected. */
  readonly log: Logger;
}

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

  /** Starts every tap and device of the catalogue. One that cannot start is shown as failed, and keeps nobody else from starting. */
  async startAll(): Promise<void> {
    await this.#startTaps();
    const devices = this.#parts.catalogue.disks().filter(({ source }) => source === 'device');
    await this.#parts.devices.startAll(devices);
  }

  async #startTaps(): Promise<void> {
    const { catalogue, taps, log } = this.#parts;
    const rows = catalogue.disks().filter(({ source }) => source === 'tap');
    for (const ofMachine of Map.groupBy(rows, ({ machine }) => machine).values()) {
      for (const [row, error] of await taps.startTogether(ofMachine)) {
        this.#failures.set(key(row), error instanceof Error ? error.message : String(error));
        log.error('A disk cannot be protected', { disk: key(row), error });
      }
    }
  }

  /** @inheritdoc */
  list(): readonly DiskReport[] {
    const rows = new Map(this.#parts.catalogue.disks().map((row) => [key(row), row]));
    const summaries = this.#parts.repository.disks();
    const stored = new Map(summaries.map((summary) => [key(summary.name), summary]));
    const names = [...new Set([...rows.keys(), ...stored.keys(), ...this.#mirrored()])].sort();
    const agents = this.#machinesWithAgent();
    return names.map((name) =>
      describeDisk(this.#facts(name, rows.get(name), stored.get(name), agents)),
    );
  }

  /** @inheritdoc */
  async add(order: DiskOrder): Promise<DiskReport> {
    const row = rowOf(order);
    const rows = this.#parts.catalogue.disks();
    this.#refuseGuest(row);
    // Its agent alone appends to such a machine: by that, a commit is found again after a kill.
    if (this.#parts.catalogue.agents().some(({ machine }) => machine === row.machine)) {
      throw new SecondwindError('ALREADY_EXISTS', { what: 'agent of', name: row.machine });
    }
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
    } else if (row.source === 'device') {
      await this.#addDevice(row);
    } else {
      await this.#addTap(row);
    }
    return this.#report(row);
  }

  /** @inheritdoc */
  async pause(name: DiskAddress): Promise<DiskReport> {
    if (this.#changeMirror(name, true)) return this.#report(name);
    const row = this.#capturedRow(name, 'paused');
    this.#parts.catalogue.putDisk({ ...row, isPaused: true });
    if (row.source === 'device') {
      this.#parts.devices.setPaused(row, true);
    } else if (this.#parts.taps.find(row.machine, row.disk) !== undefined) {
      this.#parts.taps.setPaused(row, true);
    }
    return this.#report(name);
  }

  /** @inheritdoc */
  async resume(name: DiskAddress): Promise<DiskReport> {
    if (this.#changeMirror(name, false)) return this.#report(name);
    const row = { ...this.#capturedRow(name, 'resumed'), isPaused: false };
    if (row.source === 'device') this.#parts.devices.setPaused(row, false);
    else if (this.#parts.taps.find(row.machine, row.disk) === undefined) await this.#startTap(row);
    else this.#parts.taps.setPaused(row, false);
    this.#parts.catalogue.putDisk(row);
    return this.#report(name);
  }

  /** @inheritdoc */
  async remove(name: DiskAddress): Promise<DiskReport> {
    this.#refuseGuest(name);
    const row = this.#row(name);
    if (this.#scans.has(key(row))) throw scanUnderWay(row);
    if (row.source === 'tap') await this.#parts.taps.stop(row);
    if (row.source === 'device') await this.#parts.devices.stop(row);
    this.#parts.exclusions.forget(row);
    this.#parts.catalogue.removeDisk(row.machine, row.disk);
    this.#failures.delete(key(row));
    return this.#report(name);
  }

  /** @inheritdoc */
  async scan(name: DiskAddress, action: ActionContext): Promise<ScanReport> {
    const row = this.#row(name);
    if (row.source !== 'image') {
      const reason = `${key(row)} is a ${row.source}: every write is captured, and nothing needs to be scanned`;
      throw new SecondwindError('USAGE', { reason });
    }
    if (this.#scans.has(key(row))) throw scanUnderWay(row);
    this.#scans.set(key(row), undefined);
    try {
      const progress = (newest: ActionProgress): void => {
        this.#scans.set(key(row), newest);
        action.progress(newest);
      };
      return await this.#scan(row, { ...action, progress });
    } finally {
      this.#scans.delete(key(row));
    }
  }

  async #scan(row: DiskRow, action: ActionContext): Promise<ScanReport> {
    const { exclusions, scanner } = this.#parts;
    const rules = exclusions.rulesOf(row);
    const { report, found } = await scanner.scan(row, { path: row.path, rules }, action);
    if (found !== undefined) exclusions.note(row, rules, found);
    return report;
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

  /** As with a tap. */
  async #addDevice(row: DiskRow): Promise<void> {
    const { devices, catalogue } = this.#parts;
    await devices.start(row);
    try {
      catalogue.putDisk(row);
    } catch (error) {
      await devices.stop(row);
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
    return describeDisk(this.#facts(key(name), row, summary, this.#machinesWithAgent()));
  }

  #facts(
    name: string,
    row: DiskRow | undefined,
    summary: DiskFacts['summary'],
    agents: ReadonlySet<string>,
  ): DiskFacts {
    const [machine = '', disk = ''] = name.split('/');
    const { taps, captures, guests, catalogue } = this.#parts;
    const tap = taps.find(machine, disk);
    return {
      machine,
      disk,
      row,
      summary,
      excluded: this.#parts.exclusions.findingsOf({ machine, disk }),
      mirror: guests.facts(machine, disk),
      device: this.#parts.devices.facts(machine, disk),
      hasAgent: agents.has(machine),
      capture: captures.status(machine),
      tap,
      clientCount: tap === undefined ? 0 : taps.clientCount(tap),
      failure: this.#failures.get(name),
      isScanning: this.#scans.has(name),
      scan: this.#scans.get(name),
      health: diskHealth(catalogue, { machine, disk }),
    };
  }

  #machinesWithAgent(): ReadonlySet<string> {
    const admitted = this.#parts.catalogue.agents().filter((row) => row.revokedMicros === 0);
    return new Set(admitted.map(({ machine }) => machine));
  }

  /** Disks of guests that were seen; of one that was never seen nothing is known. */
  #mirrored(): string[] {
    const { catalogue, guests } = this.#parts;
    const machines = catalogue.guests().map(({ machine }) => machine);
    return machines.flatMap((machine) =>
      guests.diskNames(machine).map((disk) => key({ machine, disk })),
    );
  }

  /** @returns whether the disk is one of a guest's, and is paused or resumed now */
  #changeMirror({ machine, disk }: DiskAddress, isPaused: boolean): boolean {
    const { catalogue, guests, repository } = this.#parts;
    const row = catalogue.guests().find((guest) => guest.machine === machine);
    if (row === undefined) return false;
    if (!guests.diskNames(machine).includes(disk)) repository.disk({ machine, disk });
    const others = row.paused.filter((each) => each !== disk);
    const changed = { ...row, paused: isPaused ? [...others, disk] : others };
    catalogue.putGuest(changed);
    guests.change(changed);
    return true;
  }

  #refuseGuest({ machine }: DiskAddress): void {
    if (!this.#parts.catalogue.guests().some((guest) => guest.machine === machine)) return;
    const reason = `${machine} is a guest that is protected as a whole; see "secondwind machine --help"`;
    throw new SecondwindError('USAGE', { reason });
  }

  #row(name: DiskAddress): DiskRow {
    const row = this.#parts.catalogue.disks().find((known) => key(known) === key(name));
    if (row !== undefined) return row;
    this.#parts.repository.disk(name); // Says what is unknown: the machine or the disk.
    const reason = `${key(name)} is not protected any more; only its points remain`;
    throw new SecondwindError('USAGE', { reason });
  }

  #capturedRow(name: DiskAddress, participle: string): DiskRow {
    const row = this.#row(name);
    if (row.source !== 'image') return row;
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
  const { source, path, listen = '', isCutAtFlush = false } = order;
  const isTap = source === 'tap';
  if (isTap !== (listen !== '')) {
    throw new SecondwindError('USAGE', {
      reason: 'A tap needs an address to listen at, other disks none',
    });
  }
  if (!isTap && isCutAtFlush) {
    throw new SecondwindError('USAGE', { reason: 'Only a tap can make a point of every flush' });
  }
  const windowMs = source !== 'image' ? checkWindow(order.windowMs) : 0;
  const captured = { windowMs, isCutAtFlush, isPaused: false };
  return { ...name, source, path, listen, ...captured };
}
