import { findingOf } from '../damage.ts';
import type { Finding } from '../file-system.ts';
import { checkIndex } from './check-index.ts';
import { ClusterClaims } from './cluster-claims.ts';
import { indexName } from './directory.ts';
import { FileIndex } from './file-index.ts';
import { type FileRecord, recordName } from './file-record.ts';
import { describeFile } from './file-status.ts';
import type { FileTable } from './file-table.ts';
import { checkedRecordsMax, claimedClustersMax } from './limits.ts';
import { checkMirror } from './mirror.ts';
import { joinRecords, namesOf } from './ntfs-file.ts';
import { volumeRuns } from './owners.ts';
import { scanRecords } from './record-scan.ts';
import { gatherStream } from './stream.ts';
import type { UpperCase } from './upper-case.ts';
import type { NtfsVolume } from './volume.ts';
import { openBitmap } from './volume-bitmap.ts';

/**
 * Walks every structure and tells what is wrong: first each file by itself and the places of all of them, then the directories.
 * @param volume - what is checked
 * @param table - its records
 * @param readUpperCase - how names are compared
 */
export async function* checkVolume(
  volume: NtfsVolume,
  table: FileTable,
  readUpperCase: () => Promise<UpperCase>,
): AsyncGenerator<Finding> {
  const check = new VolumeCheck(volume, table);
  yield* checkMirror(volume, table);
  yield* check.files();
  yield* check.places();
  yield* check.directories(readUpperCase);
}

class VolumeCheck {
  readonly #volume: NtfsVolume;
  readonly #table: FileTable;
  readonly #claims: ClusterClaims;
  /** Sequence numbers of the records in use, one more than they are; 0 for the others. */
  readonly #sequences: Uint32Array;
  #found: Finding[] = [];

  constructor(volume: NtfsVolume, table: FileTable) {
    this.#volume = volume;
    this.#table = table;
    this.#claims = new ClusterClaims(volume.geometry);
    this.#sequences = new Uint32Array(Math.min(table.recordCount, checkedRecordsMax));
  }

  async *files(): AsyncGenerator<Finding> {
    for await (const records of this.#records()) {
      for (const record of records) {
        this.#sequences[record.number] = record.sequence + 1;
        this.#claim(record);
        if (record.base === undefined) await this.#try(record, () => this.#file(record));
      }
      yield* this.#found.splice(0);
    }
  }

  async *places(): AsyncGenerator<Finding> {
    const { clusterCount } = this.#volume.geometry;
    if (clusterCount > claimedClustersMax || this.#table.recordCount > checkedRecordsMax) {
      const reason = 'it is so large that only its beginning is compared with its files';
      yield { severity: 'note', structure: 'bitmap of the volume', reason };
    }
    try {
      yield* this.#claims.compare(await openBitmap(this.#volume, this.#table));
    } catch (error) {
      yield findingOf(error, 'bitmap of the volume');
    }
  }

  async *directories(readUpperCase: () => Promise<UpperCase>): AsyncGenerator<Finding> {
    const upperCase = await readUpperCase();
    for await (const records of this.#records()) {
      // What could not be read has been told by the walk over the files.
      this.#found = [];
      for (const record of records) {
        if (!record.isDirectory || record.base !== undefined) continue;
        await this.#try(record, () => this.#directory(record, upperCase));
      }
      yield* this.#found.splice(0);
    }
  }

  #records(): AsyncGenerator<readonly FileRecord[]> {
    return scanRecords(this.#volume, this.#table, (finding) => this.#found.push(finding));
  }

  async #try(record: FileRecord, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#found.push(findingOf(error, recordName(record.number)));
    }
  }

  #claim(record: FileRecord): void {
    for (const attribute of record.attributes) {
      for (const { volumeCluster, clusterCount } of volumeRuns(this.#volume, attribute)) {
        const taken = this.#claims.claim(volumeCluster, clusterCount);
        if (taken === undefined) continue;
        this.#found.push({
          severity: 'damage',
          structure: `${recordName(record.number)}, attribute 0x${attribute.type.toString(16)}`,
          offsetBytes: taken * this.#volume.geometry.clusterBytes,
          reason: 'its content lies where that of another file lies',
        });
      }
    }
  }

  async #file(record: FileRecord): Promise<void> {
    const file = await joinRecords(this.#volume, this.#table, record);
    await describeFile(this.#volume, file);
    namesOf(file);
    const streams = Map.groupBy(file.attributes, ({ type, name }) => `${type} ${name}`);
    for (const pieces of streams.values()) {
      const { type, name, extent } = pieces[0]!;
      // Grouped first: looking for the pieces of each among all would take a hostile file's square.
      if (extent !== undefined) gatherStream(this.#volume, pieces, { type, name }, file.place);
    }
  }

  async #directory(record: FileRecord, upperCase: UpperCase): Promise<void> {
    const file = await joinRecords(this.#volume, this.#table, record);
    const isOfNames = file.attributes.some(({ name }) => name === indexName);
    // The directories of $Extend have indexes of other things.
    if (!isOfNames) return;
    await checkIndex(new FileIndex(this.#volume, file, indexName), {
      upperCase,
      sequenceOf: (number) => this.#sequenceOf(number),
    });
  }

  #sequenceOf(record: number): number | undefined {
    if (record >= this.#table.recordCount) return undefined;
    const known = this.#sequences[record];
    return known === undefined || known === 0 ? undefined : known - 1;
  }
}
