import { parentPort, workerData } from 'node:worker_threads';
import { isSecondwindError } from '../../../base/errors.ts';
import type { FoundName } from '../name-record.ts';
import type {
  NameThreadAnswer,
  NameThreadOrder,
  SearchCall,
  StoreCall,
  StoreMethod,
} from './messages.ts';
import { NameStore, type NameStoreOptions } from './name-store.ts';

/** Names told at once. */
const batchNames = 100;

/** The program of the thread that owns the name index: SQLite waits for the disk, and the event loop must not. */
if (parentPort !== null) serveOrders(new NameStore(workerData as NameStoreOptions));

function serveOrders(store: NameStore): void {
  parentPort?.on('message', (order: NameThreadOrder) => {
    if ('close' in order) {
      store.close();
      parentPort?.close();
    } else answer(store, order);
  });
}

function answer(store: NameStore, call: StoreCall | SearchCall): void {
  const { id } = call;
  try {
    tell({ id, result: 'search' in call ? search(store, call) : callStore(store, call) });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const known = isSecondwindError(error) ? { code: error.code, data: error.data } : {};
    tell({ id, failure: { message, ...known } });
  }
}

function callStore(store: NameStore, { method, words }: StoreCall): unknown {
  const callable = store as unknown as Record<StoreMethod, (...given: unknown[]) => unknown>;
  return callable[method](...words);
}

/** @returns whether there are more names than were told */
function search(store: NameStore, { id, search: asked, limitMax, stop }: SearchCall): boolean {
  let names: FoundName[] = [];
  let count = 0;
  let isMore = false;
  for (const name of store.find(asked)) {
    isMore = count === limitMax || Atomics.load(stop, 0) !== 0;
    if (isMore) break;
    count += 1;
    names.push(name);
    // The first name is told at once: somebody is waiting for it.
    if (count > 1 && names.length < batchNames) continue;
    tell({ id, names });
    names = [];
  }
  if (names.length > 0) tell({ id, names });
  return isMore;
}

function tell(answered: NameThreadAnswer): void {
  parentPort?.postMessage(answered);
}
