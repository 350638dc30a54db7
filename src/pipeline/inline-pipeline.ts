import {
  type JobOf,
  type OperationName,
  operationTable,
  type Pipeline,
  type ResultOf,
} from './operation-table.ts';

/** Runs every operation at once in the caller's thread: for simulations, where nothing may depend on real threads. */
export class InlinePipeline implements Pipeline {
  /** See Pipeline. */
  readonly width: number = 1;

  /** See Pipeline. */
  async run<Name extends OperationName>(name: Name, job: JobOf<Name>): Promise<ResultOf<Name>> {
    await Promise.resolve();
    const operation = operationTable[name] as (job: JobOf<Name>) => ResultOf<Name>;
    return operation(job);
  }

  /** Nothing is held. */
  async close(): Promise<void> {
    await Promise.resolve();
  }
}
