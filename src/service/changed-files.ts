import { SecondwindError } from '../base/errors.ts';
import type { Repository } from '../repository/index.ts';
import type { ChangedFilesOrder, ChangedFilesReport, FileChangeReport } from './change-report.ts';
import type { BatchAction } from './long-action.ts';
import { isoMoment } from './moments.ts';
import type { OpenedTrees } from './opened-trees.ts';
import { TreeComparison } from './tree-comparison.ts';
import type { ChangedFileCases } from './use-cases.ts';

/** What finding changed files needs. */
export interface ChangedFilesParts {
  /** Opens moments. */
  readonly trees: OpenedTrees;
  /** Tells whether anything changed. */
  readonly repository: Repository;
}

/** Finding which files changed between two moments: see ChangedFileCases. */
export class ChangedFiles implements ChangedFileCases {
  readonly #parts: ChangedFilesParts;

  /** @param parts - see ChangedFilesParts */
  constructor(parts: ChangedFilesParts) {
    this.#parts = parts;
  }

  /** @inheritdoc */
  changed(
    order: ChangedFilesOrder,
    action: BatchAction<readonly FileChangeReport[]>,
  ): Promise<ChangedFilesReport> {
    const { trees, repository } = this.#parts;
    return trees.use(order.where, order.from, (earlier) =>
      trees.use(order.where, order.to, async (later) => {
        if (earlier.askedMicros > later.askedMicros) {
          throw new SecondwindError('USAGE', { reason: '--from must not be later than --to' });
        }
        const comparison = new TreeComparison({ earlier, later, repository, action });
        const changeCount = await comparison.run(order.path);
        return {
          where: order.where,
          path: order.path,
          fromPoint: isoMoment(earlier.pointMicros),
          toPoint: isoMoment(later.pointMicros),
          changeCount,
          notes: comparison.notes,
        };
      }),
    );
  }
}
