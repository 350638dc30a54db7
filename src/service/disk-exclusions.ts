import type { Clock } from '../base/clock.ts';
import { SecondwindError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import {
  areRulesEmpty,
  type ExclusionRules,
  exclusionPathFault,
  noExclusionRules,
} from '../content/exclusions/exclusion-rules.ts';
import type { Repository } from '../repository/index.ts';
import type { Catalogue } from './catalogue.ts';
import type { ExclusionRow } from './catalogue-row.ts';
import type { ExclusionFindings, ExclusionOrder, ExclusionReport } from './exclusion-report.ts';
import { isoMoment } from './moments.ts';
import type { DiskAddress, ExclusionCases } from './use-cases.ts';

/** What excluding needs. */
export interface DiskExclusionsParts {
  /** Keeps the rules. */
  readonly catalogue: Catalogue;
  /** Knows the disks that have points. */
  readonly repository: Repository;
  /** Tells since when. */
  readonly clock: Clock;
  /** Hears of every change. */
  readonly log: Logger;
}

/** Excluding what need not be stored: see ExclusionCases. */
export class DiskExclusions implements ExclusionCases {
  readonly #parts: DiskExclusionsParts;

  /** @param parts - see DiskExclusionsParts */
  constructor(parts: DiskExclusionsParts) {
    this.#parts = parts;
  }

  /** @inheritdoc */
  async show(name: DiskAddress): Promise<ExclusionReport> {
    if (this.#protectedRow(name) === undefined) this.#parts.repository.disk(name);
    return reportOf(name, this.#row(name));
  }

  /** @inheritdoc */
  async change(name: DiskAddress, order: ExclusionOrder): Promise<ExclusionReport> {
    this.#refuseUnscanned(name);
    for (const path of order.paths) {
      const reason = exclusionPathFault(path);
      if (reason !== undefined) throw new SecondwindError('USAGE', { reason });
    }
    this.#put(name, order);
    return reportOf(name, this.#row(name));
  }

  /**
   * The rules for a disk's next scan.
   * @param name - the disk
   */
  rulesOf(name: DiskAddress): ExclusionRules {
    return this.#row(name)?.rules ?? noExclusionRules;
  }

  /**
   * What the last scan of a disk left out, while there are rules.
   * @param name - the disk
   */
  findingsOf(name: DiskAddress): ExclusionFindings | undefined {
    return this.#row(name)?.found;
  }

  /**
   * Whether anything of a disk was ever excluded, so that it is worth looking how much.
   * @param name - the disk
   */
  wereAny(name: DiskAddress): boolean {
    return this.#row(name) !== undefined;
  }

  /**
   * Notes what a scan left out.
   * @param name - the disk
   * @param rules - by which; when others were given meanwhile, nothing is noted
   * @param found - what it left out
   */
  note(name: DiskAddress, rules: ExclusionRules, found: ExclusionFindings): void {
    const row = this.#row(name);
    if (row === undefined || JSON.stringify(row.rules) !== JSON.stringify(rules)) return;
    this.#parts.catalogue.putExclusion({ ...row, found });
  }

  /**
   * Gives up the rules of a disk that is not protected any more: one that gets its name later is another one.
   * @param name - the disk
   */
  forget(name: DiskAddress): void {
    const row = this.#row(name);
    if (row !== undefined && !areRulesEmpty(row.rules)) this.#put(name, noExclusionRules);
  }

  #put({ machine, disk }: DiskAddress, { paths, presets, isUnallocatedExcluded }: ExclusionRules) {
    const rules = { paths, presets, isUnallocatedExcluded };
    const sinceMicros = this.#parts.clock.nowMicros();
    this.#parts.catalogue.putExclusion({ machine, disk, rules, sinceMicros });
    this.#parts.log.info('What is excluded was changed', { disk: `${machine}/${disk}`, ...rules });
  }

  #row({ machine, disk }: DiskAddress): ExclusionRow | undefined {
    return this.#parts.catalogue.exclusion(machine, disk);
  }

  #protectedRow(name: DiskAddress) {
    const rows = this.#parts.catalogue.disks();
    return rows.find(({ machine, disk }) => machine === name.machine && disk === name.disk);
  }

  #refuseUnscanned(name: DiskAddress): void {
    const row = this.#protectedRow(name);
    if (row?.source === 'image') return;
    const text = `${name.machine}/${name.disk}`;
    const isGuest = this.#parts.catalogue.guests().some(({ machine }) => machine === name.machine);
    if (row === undefined && !isGuest) this.#parts.repository.disk(name);
    const reason =
      row === undefined && !isGuest
        ? `${text} is not protected any more; only its points remain`
        : `${text} is captured as it is written, and who owns a block can change with any write: only images that are scanned can leave something out`;
    throw new SecondwindError('USAGE', { reason });
  }
}

function reportOf({ machine, disk }: DiskAddress, row: ExclusionRow | undefined): ExclusionReport {
  if (row === undefined) return { machine, disk, ...noExclusionRules };
  const { rules, sinceMicros, found } = row;
  const report = { machine, disk, ...rules, since: isoMoment(sinceMicros) };
  return found === undefined ? report : { ...report, found };
}
