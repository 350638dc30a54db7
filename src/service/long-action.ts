/** How far a long action has come. */
export interface ActionProgress {
  /** Words for people: "Reading the image". */
  readonly phase: string;
  /** Done so far. */
  readonly done: number;
  /** All there is to do, in the same unit; 0 when it is not known yet. */
  readonly total: number;
  /** What is counted: "bytes", "segments", "regions". */
  readonly unit: string;
}

/** What every long action is given: where to tell how far it is, and what ends it early. */
export interface ActionContext {
  /** Told often; must be cheap. */
  readonly progress: (progress: ActionProgress) => void;
  /** Ends the action in order, with INTERRUPTED. */
  readonly signal: AbortSignal;
}

/** What a long action is given whose result comes in batches. */
export interface BatchAction<Batch> extends ActionContext {
  /** Hands a batch on; waits while its reader does not keep up. */
  readonly emit: (batch: Batch) => Promise<void>;
}
