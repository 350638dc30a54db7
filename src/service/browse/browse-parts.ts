import type { Clock } from '../../base/clock.ts';
import type { Repository } from '../../repository/index.ts';
import type { Bookmarks } from '../bookmarks.ts';
import type { OpenedTrees } from '../opened-trees.ts';

/** What a tree of machines, times and files is made from. */
export interface BrowseParts {
  readonly repository: Repository;
  readonly trees: OpenedTrees;
  readonly bookmarks: Bookmarks;
  /** Tells what "10 minutes ago" is. */
  readonly clock: Clock;
  /** IANA name of the zone in which times are written. */
  readonly timeZone: string;
}
