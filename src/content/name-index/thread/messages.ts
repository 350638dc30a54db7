import type { ErrorCode } from '../../../base/error-table.ts';
import type { ErrorData } from '../../../base/errors.ts';
import type { FoundName } from '../name-record.ts';
import type { NameSearch, NameStore } from './name-store.ts';

/** What of the store is called from outside its thread, besides searching. */
export type StoreMethod =
  | 'volumes'
  | 'volumeNumber'
  | 'meet'
  | 'replace'
  | 'change'
  | 'remove'
  | 'finish';

/** A call of the store. */
export interface StoreCall<Method extends StoreMethod = StoreMethod> {
  /** Number of the call, given back with its answer. */
  readonly id: number;
  /** What is called. */
  readonly method: Method;
  readonly words: Parameters<NameStore[Method]>;
}

/** A search. */
export interface SearchCall {
  /** Number of the call. */
  readonly id: number;
  readonly search: NameSearch;
  /** Names that are given out at most. */
  readonly limitMax: number;
  /** Set to 1 by whoever does not want to go on. */
  readonly stop: Int32Array<SharedArrayBuffer>;
}

/** An order to the thread. */
export type NameThreadOrder = StoreCall | SearchCall | { readonly close: true };

/** What the thread tells: found names, then the end of the call. */
export type NameThreadAnswer =
  | { readonly id: number; readonly names: readonly FoundName[] }
  | { readonly id: number; readonly result: unknown }
  | {
      readonly id: number;
      readonly failure: {
        readonly message: string;
        readonly code?: ErrorCode;
        readonly data?: ErrorData;
      };
    };
