import type { OperationName } from './operation-table.ts';

/** What a thread is sent. */
export interface ThreadRequest {
  readonly id: number;
  readonly name: OperationName;
  readonly job: unknown;
}

/** What a thread answers. */
export type ThreadResponse =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: { readonly message: string; readonly code?: string } };
