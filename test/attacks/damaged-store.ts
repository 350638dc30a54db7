import { integerBelow, oneOf, type Random, seededRandom } from '../../src/base/random.ts';
import type { MemoryStore } from '../../src/keyvalue/memory-store.ts';
import type { StoreWrite } from '../../src/keyvalue/ordered-store.ts';
import type { CommitReceipt } from '../../src/repository/contract.ts';
import type { KeySecretInput } from '../../src/repository/index.ts';
import { notedIn } from './cut-states.ts';
import type { HistoryModel } from './history-model.ts';
import { type IndexMark, indexOf } from './logged-index.ts';
import { emptyRepository, RepositoryRig } from './repository-rig.ts';
import { append, nextId, randomCommit } from './workloads.ts';

/** A store in good order, whose copies are damaged. */
export interface SoundStore {
  readonly files: ReadonlyMap<string, Buffer>;
  /** Files as they were somewhat earlier: what a lost write or an old backup leaves. */
  readonly earlierFiles: ReadonlyMap<string, Buffer>;
  /** Commits of its index. */
  readonly indexCommits: readonly (readonly StoreWrite[])[];
  readonly model: HistoryModel;
  /** By machine: ids of all commits, in order. */
  readonly history: ReadonlyMap<string, readonly string[]>;
  readonly stored: ReadonlyMap<string, CommitReceipt>;
}

/** Several commits a segment, several segments. */
export const storeOptions: { readonly segmentBytes: number } = { segmentBytes: 14 * 1024 };

/** What opens a second key slot of the store. */
export const secondSecret: KeySecretInput = {
  kind: 'recovery',
  secret: new Uint8Array(32).fill(9),
};

/** Two machines, sealed segments, one given up after a failed sync, and the newest one as a killed server leaves it. */
export async function soundStore(): Promise<SoundStore> {
  const rig = new RepositoryRig(await emptyRepository(), storeOptions);
  const random = seededRandom(11);
  await rig.open();
  await rig.repository.addKey(secondSecret, 'second');
  for (let number = 0; number < 5; number++) {
    await append(rig, random, { machine: oneOf(random, ['a', 'b']), blocksMax: 3 });
  }
  rig.storage.faults = (operation) => (operation === 'sync' ? 'io' : undefined);
  const request = randomCommit(rig, random, { machine: 'a' });
  await rig.append(nextId(rig), request).catch(() => undefined);
  rig.storage.faults = undefined;
  for (const machine of ['a', 'b']) await append(rig, random, { machine, blocksMax: 3 });
  const earlierFiles = rig.storage.files;
  for (const machine of ['a', 'b', 'a']) await append(rig, random, { machine, blocksMax: 3 });
  const { stored } = notedIn(rig.storage.steps);
  const history = new Map(['a', 'b'].map((machine) => [machine, rig.idsOf(machine)]));
  const marks = rig.storage.steps.flatMap((step) =>
    step.kind === 'mark' ? [step.mark as IndexMark] : [],
  );
  const indexCommits = marks.flatMap((mark) => (mark.kind === 'index-commit' ? [mark.writes] : []));
  const { files } = rig.storage;
  return { files, earlierFiles, indexCommits, model: rig.model, history, stored };
}

/**
 * Makes the store's index again.
 * @param store - whose index
 */
export function indexOfStore(store: SoundStore): Promise<MemoryStore> {
  return indexOf(store.indexCommits);
}

/** A damaged copy of a store. */
export interface DamagedStore {
  readonly files: Map<string, Buffer>;
  /** What was done, for whoever has to repeat it. */
  readonly what: string;
  /** Names of the files that were changed. */
  readonly names: readonly string[];
}

/** Ways to damage a file. */
export type DamageKind =
  | 'flip'
  | 'flip in a header'
  | 'truncate'
  | 'zero'
  | 'move an entry'
  | 'swap files'
  | 'stale copy'
  | 'lose a file';

/**
 * Damages a copy of a store.
 * @param store - stays as it is
 * @param kind - of damage
 * @param random - decides where
 */
export function damage(store: SoundStore, kind: DamageKind, random: Random): DamagedStore {
  const files = new Map(store.files);
  const segments = [...files.keys()].filter((name) => name.startsWith('segments/'));
  const name = oneOf(random, kind === 'flip' ? [...files.keys()] : segments);
  const bytes = Buffer.from(files.get(name)!);
  files.set(name, bytes);
  const changed = (where: unknown): DamagedStore => ({
    files,
    what: `${kind}: ${name} ${String(where)}`,
    names: [name],
  });
  if (kind === 'flip' || kind === 'flip in a header') {
    const at = kind === 'flip' ? integerBelow(random, bytes.length) : headerByte(bytes, random);
    bytes[at]! ^= 1 << integerBelow(random, 8);
    return changed(at);
  }
  if (kind === 'truncate') {
    const length = integerBelow(random, bytes.length);
    files.set(name, bytes.subarray(0, length));
    return changed(length);
  }
  if (kind === 'zero') {
    const unit = oneOf(random, [512, 4096]);
    const at = integerBelow(random, Math.ceil(bytes.length / unit)) * unit;
    bytes.fill(0, at, Math.min(at + unit, bytes.length));
    return changed(`${at} + ${unit}`);
  }
  if (kind === 'move an entry') return { ...changed(moveEntry(bytes, random)) };
  return replaceFile(store, { files, what: kind, names: [name] }, random);
}

function replaceFile(store: SoundStore, damaged: DamagedStore, random: Random): DamagedStore {
  const { files, what } = damaged;
  const name = damaged.names[0]!;
  if (what === 'lose a file') {
    files.delete(name);
    return { ...damaged, what: `${what}: ${name}` };
  }
  if (what === 'stale copy') {
    const earlier = [...store.earlierFiles.keys()].filter((each) => each.startsWith('segments/'));
    const older = earlier.filter(
      (each) => !store.earlierFiles.get(each)!.equals(store.files.get(each)!),
    );
    const stale = oneOf(random, older);
    files.set(name, store.files.get(name)!);
    files.set(stale, store.earlierFiles.get(stale)!);
    return { files, what: `${what}: ${stale}`, names: [stale] };
  }
  const others = [...files.keys()].filter((each) => each.startsWith('segments/') && each !== name);
  const other = oneOf(random, others);
  files.set(name, store.files.get(other)!);
  files.set(other, store.files.get(name)!);
  return { files, what: `${what}: ${name} and ${other}`, names: [name, other] };
}

const entryMagic = Buffer.from('SWE1');

/** Offsets of what looks like an entry. */
function entriesIn(bytes: Buffer): number[] {
  const offsets: number[] = [];
  for (let at = bytes.indexOf(entryMagic); at >= 0; at = bytes.indexOf(entryMagic, at + 1)) {
    offsets.push(at);
  }
  return offsets;
}

/** A byte of the segment's header, of an entry's, or of the trailer. */
function headerByte(bytes: Buffer, random: Random): number {
  const starts = [0, 32, 64, 96, bytes.length - 16, ...entriesIn(bytes)];
  const start = Math.max(0, oneOf(random, starts));
  return Math.min(bytes.length - 1, start + integerBelow(random, 48));
}

/** Puts one entry over another, or two in each other's place. */
function moveEntry(bytes: Buffer, random: Random): string {
  const offsets = entriesIn(bytes);
  const [from, to] = [oneOf(random, offsets), oneOf(random, offsets)];
  const lengthOf = (at: number): number =>
    Math.min(offsets.find((next) => next > at) ?? bytes.length, bytes.length) - at;
  const length = Math.min(lengthOf(from), lengthOf(to));
  const one = Buffer.from(bytes.subarray(from, from + length));
  const other = Buffer.from(bytes.subarray(to, to + length));
  bytes.set(one, to);
  bytes.set(other, from);
  return `${from} and ${to}, ${length} bytes`;
}
