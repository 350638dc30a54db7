import type { OperationName } from './operation-table.ts';

/** What a thread is sent. */
export interface ThreadRequest {
  /** Tells the answers apart. */
  readonly id: number;
  /** Operation to run. */
  readonly name: OperationName;
  /** Its input. */
  readonly job: unknown;
}

/** What a thread answers. */
export type ThreadResponse =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: { readonly message: string; readonly code?: string } };
