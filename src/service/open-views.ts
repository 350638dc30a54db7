import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { SecondwindError } from '../base/errors.ts';
import { openViewsMax } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { ReadableDisk, WritableDisk } from '../disk/disk.ts';
import type { Export } from '../recovery/export/export-options.ts';
import { tidyOverlays } from '../recovery/export/kept-overlay.ts';
import { openReadableExport, openWritableExport } from '../recovery/export/open-export.ts';
import { plainOverlayKeys } from '../recovery/export/overlay-keys.ts';
import { inspectTarget } from '../recovery/restore/inspect-target.ts';
import { restoreDisk } from '../recovery/restore/restore-disk.ts';
import type { View } from '../repository/index.ts';
import type { Catalogue } from './catalogue.ts';
import type { ViewRow } from './catalogue-row.ts';
import type { DiskExclusions } from './disk-exclusions.ts';
import { excludedBytesOf } from './excluded-bytes.ts';
import type { ActionContext } from './long-action.ts';
import type { MomentFinder } from './moment-finder.ts';
import { isoMoment } from './moments.ts';
import type { NbdListeners } from './nbd-listeners.ts';
import { nbdUri } from './nbd-uri.ts';
import type { ViewCases } from './use-cases.ts';
import type { ViewClosing, ViewOrder, ViewReport } from './view-report.ts';
import { watchRecovery } from './watch-recovery.ts';

/** What opening disks needs. */
export interface OpenViewsParts {
  /** Which views are open. */
  readonly catalogue: Catalogue;
  /** Finds and opens moments. */
  readonly moments: MomentFinder;
  /** Where views are served. */
  readonly listeners: NbdListeners;
  /** Knows of which disks anything was excluded. */
  readonly exclusions: DiskExclusions;
  /** Tells when a view was opened. */
  readonly clock: Clock;
  /** Makes the keys that overlays are encrypted with. */
  readonly random: Random;
  /** Hears of views that cannot be opened again. */
  readonly log: Logger;
  /** Absolute path of the data folder; overlays lie below it. */
  readonly dataFolder: string;
}

interface OpenView {
  readonly row: ViewRow;
  readonly view: View;
  readonly served: Export;
  readonly writable: WritableDisk | undefined;
  /** What of the view reads as zeroes because it was excluded, bytes. */
  readonly excludedBytes: number;
}

const overlayLost =
  'what was written to it ended with the server that held it; close it and open it again';

/** Disks that are open as they stood: see ViewCases. */
export class OpenViews implements ViewCases {
  readonly #parts: OpenViewsParts;
  readonly #open = new Map<string, OpenView>();
  readonly #failures = new Map<string, string>();
  /** Names given to views that are not in the catalogue yet. */
  readonly #reserved = new Set<string>();

  /** @param parts - see OpenViewsParts */
  constructor(parts: OpenViewsParts) {
    this.#parts = parts;
  }

  /** Serves the views again that were open when the server ended. A writable one has lost its overlay, and says so. */
  async reopenAll(): Promise<void> {
    await tidyOverlays(this.#overlayFolder);
    for (const row of this.#parts.catalogue.views()) {
      try {
        if (row.isWritable) this.#failures.set(row.id, overlayLost);
        else await this.#serve(row, isoMoment(row.askedMicros));
      } catch (error) {
        this.#failures.set(row.id, error instanceof Error ? error.message : String(error));
        this.#parts.log.error('A view cannot be opened again', { view: row.id, error });
      }
    }
  }

  /** @inheritdoc */
  list(): readonly ViewReport[] {
    return this.#parts.catalogue.views().map((row) => this.#report(row));
  }

  /** @inheritdoc */
  async open(order: ViewOrder): Promise<ViewReport> {
    const id = this.#reserve();
    try {
      const { machine, disk, listen, isWritable } = order;
      const openedMicros = this.#parts.clock.nowMicros();
      const row = { id, machine, disk, listen, isWritable, askedMicros: 0, openedMicros };
      const opened = await this.#serve(row, order.at);
      await this.#remember(opened.row);
      return this.#report(opened.row);
    } finally {
      this.#reserved.delete(id);
    }
  }

  /** @inheritdoc */
  async close(id: string, closing: ViewClosing, action: ActionContext): Promise<ViewReport> {
    const row = this.#parts.catalogue.views().find((known) => known.id === id);
    if (row === undefined) throw new SecondwindError('NOT_FOUND', { what: 'view', name: id });
    const report = this.#report(row);
    const opened = this.#open.get(id);
    if (closing.keepAs !== undefined && opened !== undefined) {
      await this.#keep(opened, closing.keepAs, action);
    }
    await this.#end(id);
    this.#parts.catalogue.removeView(id);
    this.#failures.delete(id);
    return report;
  }

  /** Ends all views without forgetting them. Clients must be gone. */
  async closeAll(): Promise<void> {
    const views = [...this.#open.values()];
    this.#open.clear();
    for (const { served } of views) await served.close({ keep: false });
  }

  get #overlayFolder(): string {
    return join(this.#parts.dataFolder, 'overlays');
  }

  /** A view without its row in the catalogue could not be closed. */
  async #remember(row: ViewRow): Promise<void> {
    try {
      this.#parts.catalogue.putView(row);
    } catch (error) {
      await this.#end(row.id);
      throw error;
    }
  }

  /** While the disk is copied nobody may write to it; when that fails it is served again, with all that was written. */
  async #keep(opened: OpenView, path: string, action: ActionContext): Promise<void> {
    const { row, view, served } = opened;
    const { listeners, clock } = this.#parts;
    const found = await inspectTarget(path);
    if (found.kind !== 'nothing') {
      throw new SecondwindError('ALREADY_EXISTS', { what: 'file', name: path });
    }
    await listeners.withdraw(row.listen, row.id);
    try {
      await restoreDisk({
        view: seenThrough(view, served.disk),
        target: { path },
        mode: 'whole',
        clock,
        ...watchRecovery(action),
      });
    } catch (error) {
      await listeners.take(row.listen, row.id);
      this.#offer(opened);
      throw error;
    }
  }

  async #serve(row: ViewRow, at: string): Promise<OpenView> {
    const { moments, listeners, exclusions } = this.#parts;
    const { view, askedMicros } = await moments.open(row, at);
    const excludedBytes = exclusions.wereAny(row) ? await excludedBytesOf(view) : 0;
    const exported = await this.#export(row, view);
    try {
      const listen = await listeners.take(row.listen, row.id);
      const opened = { row: { ...row, listen, askedMicros }, view, ...exported, excludedBytes };
      this.#open.set(row.id, opened);
      this.#offer(opened);
      return opened;
    } catch (error) {
      if (this.#open.has(row.id)) await this.#end(row.id);
      else await exported.served.close({ keep: false });
      throw error;
    }
  }

  #offer({ row, view, served, writable }: OpenView): void {
    const description = `${row.machine}/${row.disk} as it stood at ${isoMoment(view.timeMicros)}`;
    const options = { name: row.id, description };
    const disk =
      writable === undefined
        ? ({ disk: served.disk, isReadOnly: true } as const)
        : { disk: writable };
    this.#parts.listeners.serve(row.listen, { ...options, ...disk });
  }

  /** An overlay is encrypted with a key that only this process knows: plain data never rests. */
  async #export(row: ViewRow, view: View): Promise<Pick<OpenView, 'served' | 'writable'>> {
    if (!row.isWritable) return { served: await openReadableExport({ view }), writable: undefined };
    const { clock, random } = this.#parts;
    const scratchPath = join(this.#overlayFolder, row.id);
    const overlay = { scratchPath, clock, random, keys: plainOverlayKeys };
    const served = await openWritableExport({ view, overlay });
    return { served, writable: served.disk };
  }

  async #end(id: string): Promise<void> {
    const opened = this.#open.get(id);
    if (opened === undefined) return;
    this.#open.delete(id);
    await this.#parts.listeners.withdraw(opened.row.listen, id);
    await opened.served.close({ keep: false });
  }

  #reserve(): string {
    const ids = new Set([...this.#parts.catalogue.views().map(({ id }) => id), ...this.#reserved]);
    if (ids.size >= openViewsMax) {
      const data = { what: 'The number of open views', value: ids.size + 1, limit: openViewsMax };
      throw new SecondwindError('LIMIT_EXCEEDED', data);
    }
    let number = 1;
    while (ids.has(`view-${number}`)) number += 1;
    this.#reserved.add(`view-${number}`);
    return `view-${number}`;
  }

  #report(row: ViewRow): ViewReport {
    const { id, machine, disk, listen, isWritable } = row;
    const opened = this.#open.get(id);
    const reason = this.#failures.get(id);
    return {
      ...{ id, machine, disk, listen, isWritable },
      asked: isoMoment(row.askedMicros),
      point: isoMoment(opened?.view.timeMicros ?? row.askedMicros),
      uri: nbdUri(listen, id),
      sizeBytes: opened?.view.sizeBytes ?? 0,
      opened: isoMoment(row.openedMicros),
      clientCount: this.#parts.listeners.clientCount(listen, id),
      ...(opened === undefined || opened.excludedBytes === 0
        ? {}
        : { excludedBytes: opened.excludedBytes }),
      ...(isWritable ? { writtenBytes: opened?.served.writtenBytes() ?? 0 } : {}),
      ...(reason === undefined ? {} : { reason }),
    };
  }
}

/** A view whose content is that of its overlay. */
function seenThrough(view: View, disk: ReadableDisk): View {
  return {
    name: view.name,
    timeMicros: view.timeMicros,
    sizeBytes: disk.sizeBytes,
    read: (target, offsetBytes) => disk.read(target, offsetBytes),
    extents: (offsetBytes, lengthBytes) => disk.extents(offsetBytes, lengthBytes),
    close: () => Promise.resolve(),
  };
}
