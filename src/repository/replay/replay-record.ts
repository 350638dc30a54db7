import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import type { Logger } from '../../base/log.ts';
import type { OpenedEntry } from '../../pipeline/open.ts';
import type { IndexWriter } from '../index-tables/index-writer.ts';
import { indexRecord } from '../ingest/index-prepared.ts';
import { recordIn } from './counted-tail.ts';
import type { LossWatch } from './loss-watch.ts';

/** A commit entry met while replaying. */
export interface ReplayedRecord {
  /** Where it lies. */
  readonly place: { readonly segment: number; readonly offsetBytes: number };
  readonly content: OpenedEntry | undefined;
}

/** Where a chunk is said to be that no group holds any more: segment 0 does not exist, so reading it names the damage. */
const lostPlace = { segment: 0, entryOffsetBytes: 0, startBlock: 0, blockCount: 1 };

/**
 * Enters one commit record into the index, unless it is there.
 * @param writer - of the index; the chunks before the record are entered
 * @param watch - told what is missing
 * @param log - told what is damaged
 * @param met - the entry; it counts, so a fault in it is damage
 */
export function replayRecord(
  writer: IndexWriter,
  watch: LossWatch,
  log: Logger,
  met: ReplayedRecord,
): void {
  const record = recordIn(met.content);
  if (record === undefined) {
    log.error('A commit record is damaged', { ...met.place });
    watch.suspectAll();
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
    const { machine: name, sequence, previousHash } = record;
    log.error('Commits are missing from a history', { machine: name, before: sequence });
    writer.breakHistory(machine, { sequence, hash: previousHash });
  }
  watch.clear(machine);
  const numbers = record.chunkNames.map((name) => {
    const number = writer.findChunk(name);
    assert(number !== undefined, 'every chunk of the record was entered');
    return number;
  });
  const hash = createHash('sha256').update(plainOf(met.content)).digest();
  indexRecord(writer, record, numbers, { ...met.place, hash });
}

function plainOf(content: OpenedEntry | undefined): Uint8Array {
  return content !== undefined && 'plain' in content ? content.plain : new Uint8Array(0);
}
