import { cut } from './cut.ts';
import { nameRuns } from './name-runs.ts';
import { open } from './open.ts';
import { openPages } from './open-pages.ts';
import { sealGroups } from './seal-groups.ts';
import { sealRecord } from './seal-record.ts';

/** Every operation that runs off the event loop, by name. Pure but for reads and the segment's shared tail. */
export const operationTable: {
  readonly cut: typeof cut;
  readonly sealGroups: typeof sealGroups;
  readonly sealRecord: typeof sealRecord;
  readonly open: typeof open;
  readonly openPages: typeof openPages;
  readonly nameRuns: typeof nameRuns;
} = { cut, sealGroups, sealRecord, open, openPages, nameRuns };

/** Name of an operation. */
export type OperationName = keyof typeof operationTable;

/** What an operation is given. */
export type JobOf<Name extends OperationName> = Parameters<(typeof operationTable)[Name]>[0];

/** What an operation gives back. */
export type ResultOf<Name extends OperationName> = ReturnType<(typeof operationTable)[Name]>;

/** How soon a job is wanted: somebody waits for a read, while stored data may take its time. */
export type JobUrgency = 'read' | 'store';

/** Runs operations somewhere: in worker threads, or in the caller's own thread for simulations. */
export interface Pipeline {
  /** Jobs that can run at the same time. */
  readonly width: number;
  /**
   * Runs one operation.
   * @param name - operation
   * @param job - its input; shared memory in it is borrowed until the promise settles
   * @param urgency - which queue it waits in
   */
  run<Name extends OperationName>(
    name: Name,
    job: JobOf<Name>,
    urgency: JobUrgency,
  ): Promise<ResultOf<Name>>;
  /** Ends the threads; jobs under way are finished first. */
  close(): Promise<void>;
}
