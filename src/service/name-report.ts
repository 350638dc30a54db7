import type { FileKindName } from './file-report.ts';
import type { IsoMoment } from './moments.ts';

/** Which files are looked for, by name. */
export interface NameOrder {
  /** "*" any characters, "?" one, "[…]" one of these; case does not matter. */
  readonly pattern: string;
  /** Only machines whose name fits this pattern; all when left out. */
  readonly machines?: string;
  /** Files that were there at some moment from this one on; from the beginning when left out. */
  readonly from?: IsoMoment;
  /** … to this one; to the newest when left out. */
  readonly to?: IsoMoment;
  /** Names given out at most. */
  readonly limitMax?: number;
  /** Bring the index up to now first. */
  readonly isRefreshed?: boolean;
}

/** A file that was found by its name. */
export interface NameReport {
  /** MACHINE/VOLUME, as other commands take it. */
  readonly where: string;
  /** Its path there: hostile text. */
  readonly path: string;
  /** What it is. */
  readonly kind: FileKindName;
  /** Length of the content when it was last looked at, bytes. */
  readonly sizeBytes: number;
  /** When the content was last changed, as last seen. */
  readonly modified: IsoMoment;
  /** First indexed moment at which it was there. */
  readonly from: IsoMoment;
  /** First indexed moment at which it was gone; left out while it is there. */
  readonly until?: IsoMoment;
}

/** How far names are known. */
export interface IndexedReport {
  /** MACHINE/VOLUME. */
  readonly where: string;
  /** The newest moment whose names are known; left out while the first walk has not ended. */
  readonly reached?: IsoMoment;
}

/** What a search says at its end. */
export interface NamesReport {
  /** Names given out. */
  readonly nameCount: number;
  /** Whether there are more. */
  readonly isMore: boolean;
  /** How far names are known. */
  readonly indexed: readonly IndexedReport[];
  /** What a person should know: a volume that could not be read. */
  readonly notes: readonly string[];
}
