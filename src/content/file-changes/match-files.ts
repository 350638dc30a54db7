import type { FileStatus, WalkedFile } from '../../filesystem/file-system.ts';

/** What happened to a name between two moments. */
export type NameChange =
  | { readonly change: 'created' | 'changed'; readonly later: WalkedFile }
  | { readonly change: 'deleted'; readonly earlier: WalkedFile }
  | {
      readonly change: 'renamed';
      readonly earlier: WalkedFile;
      readonly later: WalkedFile;
      /** Whether it was changed as well. */
      readonly isChanged: boolean;
    };

interface FileNames {
  readonly earlier: WalkedFile[];
  readonly later: WalkedFile[];
}

/**
 * Tells what happened to names that differ between two moments. The same file is found by its identity, whatever it is called. One that was
 * put in the place of another, as editors save, counts as that one changed.
 * @param earlier - names of the earlier moment that the later one has not in the same way; all names of a file whose status differs
 * @param later - the other way round
 */
export function* matchFiles(
  earlier: readonly WalkedFile[],
  later: readonly WalkedFile[],
): Generator<NameChange> {
  const files = new Map<string, FileNames>();
  for (const file of earlier) namesOf(files, file).earlier.push(file);
  for (const file of later) namesOf(files, file).later.push(file);
  const gone = new Map<string, WalkedFile>();
  const come: WalkedFile[] = [];
  for (const names of files.values()) {
    const rest = yield* matchNames(names);
    for (const file of rest.earlier) gone.set(placeOf(file), file);
    come.push(...rest.later);
  }
  for (const file of come) {
    const isReplacing = gone.get(placeOf(file))?.status.kind === file.status.kind;
    if (isReplacing) gone.delete(placeOf(file));
    // A directory is no more than its names, and those are told themselves.
    if (isReplacing && file.status.kind === 'directory') continue;
    yield { change: isReplacing ? 'changed' : 'created', later: file };
  }
  for (const file of gone.values()) yield { change: 'deleted', earlier: file };
}

/** Of one file: names that it kept, then those that it changed; what is left over was deleted or created. */
function* matchNames(names: FileNames): Generator<NameChange, FileNames> {
  const places = new Map(names.earlier.map((file) => [placeOf(file), file]));
  const come: WalkedFile[] = [];
  const kept: (readonly [WalkedFile, WalkedFile])[] = [];
  for (const file of names.later) {
    const before = places.get(placeOf(file));
    if (before === undefined) come.push(file);
    else kept.push([before, file]);
    places.delete(placeOf(file));
  }
  const gone = [...places.values()];
  const isSameNames = gone.length === 0 && come.length === 0;
  for (const [before, after] of kept) {
    if (isChanged(before.status, after.status, isSameNames)) {
      yield { change: 'changed', later: after };
    }
  }
  const renamedCount = Math.min(gone.length, come.length);
  for (let index = 0; index < renamedCount; index += 1) {
    const [before, after] = [gone[index]!, come[index]!];
    const changed = isChanged(before.status, after.status, false);
    yield { change: 'renamed', earlier: before, later: after, isChanged: changed };
  }
  return { earlier: gone.slice(renamedCount), later: come.slice(renamedCount) };
}

/**
 * Giving a file another name changes the time of its status too, so where names came or went that time alone tells nothing. A directory
 * gets another size and modification time by what comes and goes in it, which is told itself.
 */
function isChanged(before: FileStatus, after: FileStatus, isSameNames: boolean): boolean {
  if (factsOf(before) !== factsOf(after)) return true;
  const isModified = before.modifiedMicros !== after.modifiedMicros;
  const isStatusChanged = isSameNames && before.changedMicros !== after.changedMicros;
  if (after.kind === 'directory') return isStatusChanged && !isModified;
  return isModified || isStatusChanged || before.sizeBytes !== after.sizeBytes;
}

function factsOf({ mode, uid, gid, flags, device }: FileStatus): string {
  return [mode, uid, gid, device?.major, device?.minor, ...flags].join('\0');
}

function namesOf(files: Map<string, FileNames>, file: WalkedFile): FileNames {
  const key = identityOf(file.status);
  const known = files.get(key) ?? { earlier: [], later: [] };
  files.set(key, known);
  return known;
}

/** Where no generations are counted, the time of creation tells a new file from an old one with the same number. */
function identityOf({ id, kind, generation, createdMicros }: FileStatus): string {
  return [id, kind, generation, generation === 0 ? createdMicros : ''].join('\0');
}

function placeOf({ parent, name }: WalkedFile): string {
  return `${parent}\0${name}`;
}
