import { SecondwindError } from '../../base/errors.ts';
import type { FileId, FileSystem, Finding, WalkedFile } from '../../filesystem/file-system.ts';
import { type Fingerprint, FingerprintSet, fingerprintOf } from './fingerprint-set.ts';
import { comparedNamesMax, differingNamesMax } from './limits.ts';

/** A file system at one of two moments. */
export interface ComparedSide {
  readonly fileSystem: FileSystem;
  /** Hears what cannot be read. */
  readonly onFinding: (finding: Finding) => void;
}

/** How a comparison is watched. */
export interface ComparisonWatch {
  /** Told how many names were looked at since it was told last. */
  readonly onNames: (count: number) => void;
  /** Ends it early. */
  readonly signal: AbortSignal;
}

/** Where a directory hangs. */
export interface DirectoryName {
  /** The directory that holds it. */
  readonly parent: FileId;
  /** What it is called there. */
  readonly name: string;
}

/** Of one moment: what the other has not in the same way. */
export interface DifferingFiles {
  /** Names that the other moment has not, or whose file differs there; a file whose status differs comes with each of its names. */
  readonly names: readonly WalkedFile[];
  /** Every directory of the moment, to find paths. */
  readonly directories: ReadonlyMap<FileId, DirectoryName>;
}

/** What differs between two moments. */
export interface Differences {
  readonly earlier: DifferingFiles;
  readonly later: DifferingFiles;
}

/**
 * Finds the names that differ between two moments by walking both. Of the earlier moment only fingerprints are kept, so it is
 * walked once more when some of its names are not found in the later one. A reader that implements `recordsIn` could find
 * the same names from the records in changed spans alone; whatever comes after needs to know nothing of it.
 * @param earlier - the file system at the earlier moment
 * @param later - the same at the later one
 * @param watch - see ComparisonWatch
 * @throws LIMIT_EXCEEDED, the signal's reason, FILE_SYSTEM_DAMAGED where the reader cannot pass over it
 */
export async function differingFiles(
  earlier: ComparedSide,
  later: ComparedSide,
  watch: ComparisonWatch,
): Promise<Differences> {
  const known = new FingerprintSet(comparedNamesMax);
  for await (const file of walkedFiles(earlier, watch)) known.add(fingerprintOfFile(file));
  const afterwards = await collect(later, watch, (fingerprint) => !known.meet(fingerprint));
  // What damage there is was told on the first walk.
  const again = { fileSystem: earlier.fileSystem, onFinding: () => undefined };
  const before = known.areAllMet
    ? { names: [], directories: new Map() }
    : await collect(again, watch, (fingerprint) => !known.isMet(fingerprint));
  return { earlier: before, later: afterwards };
}

async function collect(
  side: ComparedSide,
  watch: ComparisonWatch,
  isDiffering: (fingerprint: Fingerprint) => boolean,
): Promise<DifferingFiles> {
  const names: WalkedFile[] = [];
  const directories = new Map<FileId, DirectoryName>();
  for await (const file of walkedFiles(side, watch)) {
    const { parent, name, status } = file;
    if (status.kind === 'directory') directories.set(status.id, { parent, name });
    if (isDiffering(fingerprintOfFile(file))) names.push(file);
    checkCount('The number of names that differ on one volume', names.length, differingNamesMax);
    checkCount('The number of directories on one volume', directories.size, comparedNamesMax);
  }
  return { names, directories };
}

function checkCount(what: string, value: number, limit: number): void {
  if (value > limit) {
    throw new SecondwindError('LIMIT_EXCEEDED', { what, value: `more than ${limit}`, limit });
  }
}

async function* walkedFiles(
  { fileSystem, onFinding }: ComparedSide,
  { onNames, signal }: ComparisonWatch,
): AsyncGenerator<WalkedFile> {
  for await (const batch of fileSystem.walk(onFinding)) {
    signal.throwIfAborted();
    onNames(batch.length);
    yield* batch;
  }
}

/** Left out is what changes by reading alone, or by how the content lies on the volume. */
function fingerprintOfFile({ parent, name, status }: WalkedFile): Fingerprint {
  const { id, generation, kind, sizeBytes, mode, uid, gid, flags, device } = status;
  const { modifiedMicros, changedMicros, createdMicros } = status;
  const facts = [
    ...[parent, name, id, generation, kind, sizeBytes, mode, uid, gid],
    ...[modifiedMicros, changedMicros, createdMicros, device?.major, device?.minor, ...flags],
  ];
  return fingerprintOf(facts.join('\0'));
}
