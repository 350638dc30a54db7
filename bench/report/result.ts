/** A column of a table of results. */
export interface Column {
  /** Name of the figure in a row. */
  readonly key: string;
  /** Head of the column, with its unit. */
  readonly title: string;
  /** Digits after the point; 0 when left out. */
  readonly digits?: number;
}

/** Figures of one contestant, by column; what was not measured is left out. */
export type Row = Readonly<Record<string, string | number | undefined>>;

/** What the project has set itself, and what was reached. */
export interface Aim {
  /** In words: "speed, against restic". */
  readonly text: string;
  /** What was measured. */
  readonly value: number;
  /** Which side of the limit is good. */
  readonly kind: 'at least' | 'at most';
  /** The limit. */
  readonly limit: number;
  /** Follows both figures: "×", " MiB". */
  readonly unit: string;
}

/** What one work measured. */
export interface WorkResult {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly aims: readonly Aim[];
  /** The command lines that were run, paths shortened. */
  readonly commands: readonly string[];
  /** What a reader must know to judge the figures. */
  readonly notes: readonly string[];
}

/** Whether an aim was reached. */
export function isReached(aim: Aim): boolean {
  return aim.kind === 'at least' ? aim.value >= aim.limit : aim.value <= aim.limit;
}
