import { isSecondwindError, SecondwindError } from '../base/errors.ts';
import type { Repository } from '../repository/index.ts';
import type { MomentFinder } from './moment-finder.ts';
import type { AskedMoment } from './moments.ts';
import type { DebugCases, DiskAddress } from './use-cases.ts';

const missing = 'the segment is missing';

/** Looking inside the store: see DebugCases. */
export class Inspection implements DebugCases {
  readonly #repository: Repository;
  readonly #moments: MomentFinder;

  /**
   * @param repository - the store
   * @param moments - understands which moment is meant
   */
  constructor(repository: Repository, moments: MomentFinder) {
    this.#repository = repository;
    this.#moments = moments;
  }

  /** @inheritdoc */
  async segment(segment: number): Promise<unknown> {
    try {
      return await this.#repository.debugSegment(segment);
    } catch (error) {
      // To ask for a segment that never was is a slip, not damage; "check" tells of one that should be there.
      if (!isSecondwindError(error, 'DAMAGED') || error.data['reason'] !== missing) throw error;
      throw new SecondwindError('NOT_FOUND', { what: 'segment', name: String(segment) }, error);
    }
  }

  /** @inheritdoc */
  commit(machine: string, sequence: number): Promise<unknown> {
    return this.#repository.debugCommit(machine, sequence);
  }

  /** @inheritdoc */
  async region(name: DiskAddress, region: number, at: AskedMoment): Promise<unknown> {
    const atMicros = await this.#moments.find(name, at);
    return this.#repository.debugRegion(name, region, atMicros);
  }

  /** @inheritdoc */
  chunk(nameHex: string): Promise<unknown> {
    return this.#repository.debugChunk(nameHex);
  }
}
