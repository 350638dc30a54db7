import { strict as assert } from 'node:assert';
import type { Micros } from '../../base/clock.ts';
import { blockBytes, regionBlocks } from '../../base/limits.ts';
import type { StoreWrite } from '../../keyvalue/ordered-store.ts';
import type { CommitNote, DiskName, DiskState } from '../contract.ts';
import { mendedBy, trustedDisks } from './broken-history.ts';
import { regionsOfGrownDisk } from './grown-disk.ts';
import { regionCountMax } from './index-limits.ts';
import type { IndexTables } from './index-tables.ts';
import type { IndexedCommit, IndexedDisk } from './indexed-commit.ts';
import type { NumberedDisk } from './name-table.ts';
import type { ChunkPlace } from './place-table.ts';
import { RecentRegions, regionId } from './recent-regions.ts';
import { regionsOf } from './region-walk.ts';
import { StagedBatch } from './staged-batch.ts';
import type { IndexCounters, MachineHead, Reach } from './state-table.ts';
import type { RegionEntry } from './timeline-table.ts';

interface DiskNow {
  readonly state: DiskState | undefined;
  readonly sizeBytes: number | undefined;
}

/** How a disk stands, and since when. */
interface DiskSince extends DiskNow {
  /** When it became what it is. */
  readonly sinceMicros: Micros;
  /** Its machine's last commit before that. */
  readonly commitBeforeMicros: Micros;
}

/**
 * The only writer of the indexes. Rows are staged in log order and go to the store in batches; each batch carries the
 * reach, so the store always holds the index of a prefix of the log. At most one batch is under way; what is staged
 * meanwhile goes into the next one together. Look-ups here see stored, travelling and staged rows; everybody else sees
 * only what is stored. Whoever flushes has put the log up to the reach on stable storage before.
 */
export class IndexWriter {
  readonly #tables: IndexTables;
  readonly #recent = new RecentRegions();
  #staged = new StagedBatch();
  #travelling: StagedBatch | undefined;
  #flushing: Promise<void> | undefined;
  #reach: Reach;
  #isReachStaged = false;
  #counters: { -readonly [Field in keyof IndexCounters]: number };
  #heads: Map<number, MachineHead>;
  #disksNow = new Map<number, DiskSince>();

  /**
   * @param tables - nobody else writes to
   * @throws DAMAGED
   */
  constructor(tables: IndexTables) {
    this.#tables = tables;
    const { reach, counters } = tables.state();
    this.#reach = reach;
    this.#counters = { ...counters };
    this.#heads = new Map(tables.heads());
  }

  /** Where the log has been indexed to, staged rows included. */
  get reach(): Reach {
    return this.#reach;
  }

  /** Sums, staged rows included. */
  get counters(): IndexCounters {
    return this.#counters;
  }

  /** Rows staged and travelling: above stagedRowsTarget, wait for a flush before staging more. */
  get stagedRows(): number {
    const rows = this.#staged.writes.length + (this.#travelling?.writes.length ?? 0);
    return rows + this.#tables.chunks.stagedRows * rowsPerPlaceRow;
  }

  /**
   * @param machine - number
   * @returns the end of its history, staged commits included
   */
  head(machine: number): MachineHead | undefined {
    return this.#heads.get(machine);
  }

  /**
   * @param machine - name
   * @returns its number, a new one if need be
   */
  machineNumber(machine: string): number {
    return this.#tables.names.enterMachine(machine, (write) => this.#stage(write));
  }

  /**
   * @param name - machine and disk
   * @returns the disk's number, a new one if need be
   */
  diskNumber(name: DiskName): number {
    return this.#tables.names.enterDisk(name, (write) => this.#stage(write));
  }

  /**
   * Finds a chunk, staged ones included.
   * @param name - 32 bytes, borrowed
   * @returns its number, or undefined when it is not in the repository
   * @throws DAMAGED
   */
  findChunk(name: Uint8Array): number | undefined {
    return this.#tables.chunks.find(name);
  }

  /**
   * Finds a chunk that can be read, as far as anybody knows.
   * @param name - 32 bytes, borrowed
   * @param isDamaged - whether a place is known not to be readable
   * @returns its number, or undefined when it must be stored
   * @throws DAMAGED
   */
  findSoundChunk(name: Uint8Array, isDamaged: (place: ChunkPlace) => boolean): number | undefined {
    const { chunks } = this.#tables;
    const number = chunks.find(name);
    return number === undefined || isDamaged(chunks.stagedPlaceOf(number)) ? undefined : number;
  }

  /**
   * Enters a chunk. One that is known already keeps its number; its later place counts, since nothing is stored twice
   * unless the first copy was lost, damaged, or of a commit that failed.
   * @param name - 32 bytes, copied
   * @param place - where the log holds it
   * @returns its number
   * @throws DAMAGED
   */
  addChunk(name: Uint8Array, place: ChunkPlace): number {
    const { chunks } = this.#tables;
    const known = chunks.find(name);
    if (known === undefined) {
      this.#counters.chunkCount += 1;
      chunks.add(this.#counters.chunkCount, name, place);
      return this.#counters.chunkCount;
    }
    if (isLater(place, chunks.stagedPlaceOf(known))) chunks.move(known, name, place);
    return known;
  }

  /**
   * Reads a region as the newest commit left it, staged ones included.
   * @param disk - number
   * @param region - number
   * @returns undefined when nothing was ever written there
   * @throws DAMAGED
   */
  newestRegion(disk: number, region: number): RegionEntry | undefined {
    const id = regionId(disk, region);
    return (
      this.#staged.regions.get(id) ??
      this.#travelling?.regions.get(id) ??
      this.#recent.get(id) ??
      this.#tables.timeline.entryAt(disk, region, Number.MAX_SAFE_INTEGER)
    );
  }

  /**
   * Enters a commit: its row, its regions, and what it changes about its disks and its machine.
   * @param commit - later than every commit before it; its chunks and names are entered already
   * @throws DAMAGED
   */
  addCommit(commit: IndexedCommit): void {
    const { machine, timeMicros, sequence, hash } = commit;
    const head = this.#heads.get(machine);
    const brokenHistory = mendedBy(head?.brokenHistory, commit.notes, (disk) =>
      this.#tables.names.diskOf(machine, disk),
    );
    const disks = trustedDisks(brokenHistory, commit.disks);
    assert(sequence === (head?.sequence ?? 0) + 1, 'a commit is missing before this one');
    assert(timeMicros > (head?.timeMicros ?? -1), 'time runs backward');
    for (const note of commit.notes) if (note.kind === 'gap') this.#widenGap(commit, note);
    for (const disk of disks) this.#addDisk(disk, timeMicros);
    for (const write of this.#tables.commits.rows({ ...commit, disks })) this.#stage(write);
    const newHead = { sequence, timeMicros, hash: Uint8Array.from(hash) };
    this.#setHead(machine, brokenHistory === undefined ? newHead : { ...newHead, brokenHistory });
    this.#counters.commitCount += 1;
    this.#counters.logicalBytes += commit.changedBytes;
    this.#counters.uniqueBytes += commit.newBytes;
    this.#counters.storedBytes += commit.storedBytes;
  }

  /**
   * Tells whether commits are lost that may have changed a disk, and it was not compared as a whole since.
   * @param disk - from the names
   */
  isHistoryBroken(disk: NumberedDisk): boolean {
    const history = this.#heads.get(disk.machineNumber)?.brokenHistory;
    return history !== undefined && !history.mendedDisks.includes(disk.diskNumber);
  }

  /**
   * Notes that commits of a machine are lost: from behind its last commit on, its disks are not whole.
   * @param machine - number
   * @param next - where its history goes on: position in it, and hash that the next record names as the one before it;
   *   left out: nothing is known of it
   * @throws DAMAGED
   */
  breakHistory(
    machine: number,
    next?: { readonly sequence: number; readonly hash: Uint8Array },
  ): void {
    const head = this.#heads.get(machine) ?? {
      sequence: 0,
      timeMicros: 0,
      hash: new Uint8Array(32),
    };
    const { timeMicros } = head;
    for (const { diskNumber, machineNumber } of this.#tables.names.disks) {
      if (machineNumber !== machine) continue;
      const now = this.#diskNow(diskNumber);
      if (now.state !== undefined)
        this.#noteDisk(diskNumber, timeMicros + 1, { ...now, state: 'filling' });
    }
    const last = next === undefined ? head : { sequence: next.sequence - 1, hash: next.hash };
    this.#setHead(machine, { ...last, timeMicros, brokenHistory: { mendedDisks: [] } });
  }

  /**
   * Says that everything in the log before a place is staged.
   * @param reach - at or behind the last one
   */
  advance(reach: Reach): void {
    const { segment, offsetBytes } = this.#reach;
    assert(
      reach.segment > segment || (reach.segment === segment && reach.offsetBytes >= offsetBytes),
    );
    this.#reach = reach;
    this.#isReachStaged = true;
  }

  /**
   * Brings everything staged before this call into the store. Calls under load share their batches.
   * @returns when readers see it
   * @throws NO_SPACE, IO_FAILED, DAMAGED; the rows stay staged, and the next flush tries again
   */
  async flush(): Promise<void> {
    while (this.#flushing !== undefined) {
      const isTravelling = !this.#isAnyStaged;
      await this.#flushing;
      if (isTravelling) return;
    }
    if (!this.#isAnyStaged) return;
    this.#flushing = this.#send().finally(() => {
      this.#flushing = undefined;
    });
    await this.#flushing;
  }

  /**
   * Forgets what is staged, after the log could not be written: the index stays where the store is, and the log is
   * replayed from `reach`. Unless a batch is under way, that happens before the call returns, so that nobody finds a
   * chunk whose number is about to be given to another one.
   * @throws DAMAGED; staged rows are gone then too, and the call must be repeated before anything is staged
   */
  async discard(): Promise<void> {
    if (this.#flushing !== undefined) await this.#flushing.catch(() => undefined);
    this.#staged = new StagedBatch();
    this.#tables.chunks.discard();
    this.#disksNow.clear();
    this.#isReachStaged = false;
    const { reach, counters } = this.#tables.state();
    this.#reach = reach;
    this.#counters = { ...counters };
    this.#heads = new Map(this.#tables.heads());
    this.#tables.names.load();
  }

  get #isAnyStaged(): boolean {
    const isChunkStaged = this.#tables.chunks.stagedRows > 0;
    return this.#staged.writes.length > 0 || this.#isReachStaged || isChunkStaged;
  }

  async #send(): Promise<void> {
    const batch = this.#staged;
    const { reach } = this;
    const counters = { ...this.#counters };
    const { chunks, stateTable, store } = this.#tables;
    const { writes, namedCount } = chunks.take();
    const state = stateTable.stateRows({ reach, counters, namedCount });
    this.#staged = new StagedBatch();
    this.#isReachStaged = false;
    this.#travelling = batch;
    try {
      await store.commit([...batch.writes, ...writes, ...state]);
      chunks.sent({ chunkCount: counters.chunkCount, namedCount });
      for (const [id, entry] of batch.regions) this.#recent.set(id, entry);
    } catch (error) {
      chunks.unsent();
      batch.append(this.#staged);
      this.#staged = batch;
      this.#isReachStaged = true;
      throw error;
    } finally {
      this.#travelling = undefined;
    }
  }

  #addDisk(part: IndexedDisk, timeMicros: Micros): void {
    const { disk } = part;
    const changed: number[] = [];
    for (const { region, extents } of this.#regionsOf(part)) {
      const previous = this.newestRegion(disk, region);
      const change = this.#tables.timeline.change({ disk, region, timeMicros }, previous, extents);
      if (change === undefined) continue;
      this.#stage(change.write);
      this.#staged.regions.set(regionId(disk, region), change.entry);
      this.#counters.regionRows += 1;
      changed.push(region);
    }
    for (const write of this.#tables.changes.rows(disk, timeMicros, changed)) this.#stage(write);
    this.#noteDisk(disk, timeMicros, part);
  }

  /** A disk that has grown is zeroes there, whatever it held before it was made smaller. */
  #regionsOf(part: IndexedDisk): IndexedDisk['regions'] {
    const { disk, sizeBytes, regions } = part;
    const oldBytes = this.#diskNow(disk).sizeBytes ?? sizeBytes;
    if (sizeBytes <= oldBytes) return regions;
    const firstBlock = Math.ceil(oldBytes / blockBytes);
    const fromRegion = Math.floor(firstBlock / regionBlocks);
    const query = { disk, timeMicros: Number.MAX_SAFE_INTEGER, fromRegion, limit: regionCountMax };
    const stored = regionsOf(this.#tables.timeline, query).regions.map(({ region }) => region);
    const batches = [this.#staged, this.#travelling ?? new StagedBatch()];
    const fresh = batches.flatMap((batch) => batch.regionsOf(disk, fromRegion));
    return regionsOfGrownDisk(regions, firstBlock, new Set([...stored, ...fresh]));
  }

  #setHead(machine: number, head: MachineHead): void {
    this.#heads.set(machine, head);
    this.#stage(this.#tables.stateTable.headRow(machine, head));
  }

  /**
   * Writes that were captured but not stored when the source ended are in no commit, so the gap began behind the last
   * commit before it, and not with the commit that first told of it.
   */
  #widenGap({ machine, timeMicros }: IndexedCommit, { disk: name, fromMicros }: CommitNote): void {
    const disk = name === undefined ? undefined : this.#tables.names.diskOf(machine, name);
    if (disk === undefined || fromMicros === undefined) return;
    const now = this.#diskNow(disk);
    if (now.state === undefined) return;
    const isFilling = now.state === 'filling';
    const headMicros = this.#heads.get(machine)?.timeMicros ?? 0;
    const commitBeforeMicros = isFilling ? now.commitBeforeMicros : headMicros;
    const sinceMicros = Math.max(fromMicros, commitBeforeMicros) + 1;
    if (sinceMicros >= (isFilling ? now.sinceMicros : timeMicros)) return;
    const { diskHistory } = this.#tables;
    if (isFilling) this.#stage(diskHistory.spanRemoval(disk, now.sinceMicros));
    for (const row of diskHistory.rows(disk, sinceMicros, { state: 'filling' })) this.#stage(row);
    this.#disksNow.set(disk, { ...now, state: 'filling', sinceMicros, commitBeforeMicros });
  }

  #noteDisk(disk: number, timeMicros: Micros, { state, sizeBytes }: DiskNow): void {
    const now = this.#diskNow(disk);
    const isOther = state !== undefined && now.state !== state;
    const became = {
      ...(isOther ? { state } : {}),
      ...(now.sizeBytes === sizeBytes || sizeBytes === undefined ? {} : { sizeBytes }),
    };
    for (const write of this.#tables.diskHistory.rows(disk, timeMicros, became)) this.#stage(write);
    const machine = this.#tables.names.disk(disk)?.machineNumber ?? 0;
    const commitBeforeMicros = this.#heads.get(machine)?.timeMicros ?? 0;
    const since = isOther ? { sinceMicros: timeMicros, commitBeforeMicros } : {};
    this.#disksNow.set(disk, { ...now, ...since, state, sizeBytes });
  }

  #diskNow(disk: number): DiskSince {
    const known = this.#disksNow.get(disk);
    if (known !== undefined) return known;
    const always = Number.MAX_SAFE_INTEGER - 1;
    const { diskHistory, commits, names } = this.#tables;
    const sizeBytes = diskHistory.sizeAt(disk, always);
    const span = diskHistory.spanAt(disk, always);
    if (span === undefined) {
      return { state: undefined, sizeBytes, sinceMicros: 0, commitBeforeMicros: 0 };
    }
    const { state, fromMicros: sinceMicros } = span;
    const machine = names.disk(disk)?.machineNumber ?? 0;
    const commitBefore = commits.newestAtOrBefore(machine, Math.max(0, sinceMicros - 1));
    return { state, sizeBytes, sinceMicros, commitBeforeMicros: commitBefore?.timeMicros ?? 0 };
  }

  #stage(write: StoreWrite): void {
    this.#staged.writes.push(write);
  }
}

/** What a staged row of places weighs in memory, against other rows. */
const rowsPerPlaceRow = 16;

function isLater(one: ChunkPlace, other: ChunkPlace): boolean {
  if (one.segment !== other.segment) return one.segment > other.segment;
  return one.entryOffsetBytes > other.entryOffsetBytes;
}
