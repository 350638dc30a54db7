/** A change of a disk that its owner has made without us, and of which we were told. */
export type ObservedChange =
  | {
      readonly kind: 'data';
      /** Number of the first block. */
      readonly firstBlock: number;
      /** Whole blocks; the disk's last one may be short. Borrowed until it was observed. */
      readonly data: Uint8Array;
    }
  | ObservedRange;

/** A range that reads as zeroes from now on, or of which nobody knows what it holds. */
export interface ObservedRange {
  /** `zeroes`: it reads as zeroes from now on. `unknown`: nobody knows what it holds. */
  readonly kind: 'zeroes' | 'unknown';
  /** Number of the first block. */
  readonly firstBlock: number;
  /** End, exclusive. */
  readonly endBlock: number;
}
