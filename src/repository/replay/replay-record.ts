import { createHash } from 'node:crypto';
import type { Logger } from '../../base/log.ts';
import type { CommitRecord } from '../../format/commit-record.ts';
import type { OpenedEntry } from '../../pipeline/open.ts';
import type { IndexWriter } from '../index-tables/index-writer.ts';
import { indexRecord } from '../ingest/index-prepared.ts';
import { recordIn } from './counted-tail.ts';

/** What replaying remembers from record to record. */
export interface ReplayState {
  /** Machines of which a commit is missing: their later points are not whole until a comparison closed the gap. */
  readonly brokenMachines: Set<string>;
  readonly log: Logger;
}

/** A commit entry met while replaying. */
export interface ReplayedRecord {
  readonly place: { readonly segment: number; readonly offsetBytes: number };
  readonly content: OpenedEntry | undefined;
}

/** A chunk that no group holds any more: segment 0 does not exist, so reading it names the damage. */
const lostPlace = { segment: 0, entryOffsetBytes: 0, startBlock: 0, blockCount: 1 };

/**
 * Enters one commit record into the index, unless it is there.
 * @param writer - of the index; the chunks before the record are entered
 * @param state - see ReplayState
 * @param met - the entry; it counts, so a fault in it is damage
 */
export function replayRecord(writer: IndexWriter, state: ReplayState, met: ReplayedRecord): void {
  const record = recordIn(met.content);
  if (record === undefined) {
    state.log.error('A commit record is damaged', { ...met.place });
    return;
  }
  const machine = writer.machineNumber(record.machine);
  const head = writer.head(machine);
  if (record.sequence <= (head?.sequence ?? 0)) return;
  const lost = record.chunkNames.filter((name) => writer.findChunk(name) === undefined);
  for (const name of lost) writer.addChunk(name, lostPlace);
  const isNext =
    record.sequence === (head?.sequence ?? 0) + 1 &&
    Buffer.compare(record.previousHash, head?.hash ?? new Uint8Array(32)) === 0;
  if (!isNext) {
    state.brokenMachines.add(record.machine);
    const { machine: name, sequence } = record;
    state.log.error('Commits are missing from a history', { machine: name, before: sequence });
  }
  const trusted = withBreak(record, state, isNext);
  const numbers = record.chunkNames.map((name) => writer.findChunk(name) ?? 0);
  const hash = createHash('sha256').update(plainOf(met.content)).digest();
  indexRecord(writer, trusted, numbers, { ...met.place, hash });
}

/** After missing commits nothing is whole until a record says that a gap was closed by comparing. */
function withBreak(record: CommitRecord, state: ReplayState, isNext: boolean): CommitRecord {
  if (!state.brokenMachines.has(record.machine)) return record;
  const isClosed = isNext && record.notes.some(({ kind }) => kind === 'gap' || kind === 'resumed');
  if (isClosed) {
    state.brokenMachines.delete(record.machine);
    return record;
  }
  const disks = record.disks.map((disk) => ({ ...disk, state: 'filling' as const }));
  return { ...record, disks };
}

function plainOf(content: OpenedEntry | undefined): Uint8Array {
  return content !== undefined && 'plain' in content ? content.plain : new Uint8Array(0);
}
