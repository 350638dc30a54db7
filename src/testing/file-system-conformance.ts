import assert from 'node:assert/strict';
import { isSecondwindError } from '../base/errors.ts';
import type { ByteRange, DirectoryEntry, FileSystem } from '../filesystem/file-system.ts';
import { mergeRanges } from '../filesystem/merge-ranges.ts';

/** What a file system must hold for the suite to mean something; sizes are those of its volume. */
export interface ConformanceSubject {
  readonly fileSystem: FileSystem;
  /** Size of the volume, bytes. */
  readonly volumeBytes: number;
  /** An identity that no file has. */
  readonly unknownId: string;
}

/**
 * Holds a file system to the promises of its interface that need no oracle: its answers agree with one another. The file system must hold
 * at least one ordinary file.
 * @param subject - see ConformanceSubject
 */
export async function assertFileSystemConforms(subject: ConformanceSubject): Promise<void> {
  const { fileSystem, volumeBytes } = subject;
  const tree = await listAll(fileSystem);
  await assertWalkAgrees(fileSystem, tree);
  const allocated = await assertAllocated(fileSystem, volumeBytes);
  await assertOwners(fileSystem, tree, allocated);
  await assertFiles(fileSystem, tree, allocated);
  await assertRefusals(subject, tree);
  for await (const finding of fileSystem.check()) {
    assert.notEqual(finding.severity, 'damage', `${finding.structure}: ${finding.reason}`);
  }
}

type Tree = ReadonlyMap<string, DirectoryEntry>;

/** Every name below the root, by its path; names are joined with NUL, which no name holds. */
async function listAll(fileSystem: FileSystem): Promise<Tree> {
  const found = new Map<string, DirectoryEntry>();
  const queue = [{ path: '', id: fileSystem.root }];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for await (const batch of fileSystem.list(next.id)) {
      for (const entry of batch) {
        const path = `${next.path}\0${entry.name}`;
        found.set(path, entry);
        if (entry.kind === 'directory') queue.push({ path, id: entry.id });
      }
    }
  }
  return found;
}

async function assertWalkAgrees(fileSystem: FileSystem, tree: Tree): Promise<void> {
  const walked = new Map<string, string[]>();
  for await (const batch of fileSystem.walk((finding) => assert.fail(finding.reason))) {
    for (const { parent, name, status } of batch) {
      assert.deepEqual(await fileSystem.status(status.id), status, `status of ${name}`);
      walked.set(status.id, [...(walked.get(status.id) ?? []), `${parent}\0${name}`]);
    }
  }
  const listed = new Map<string, string[]>();
  const idOf = (path: string): string => (path === '' ? fileSystem.root : tree.get(path)!.id);
  for (const [path, { id, name }] of tree) {
    const parent = idOf(path.slice(0, path.length - name.length - 1));
    listed.set(id, [...(listed.get(id) ?? []), `${parent}\0${name}`]);
  }
  assert.deepEqual(sorted(walked), sorted(listed), 'a walk meets what the directories list');
}

function sorted(names: ReadonlyMap<string, readonly string[]>): [string, string[]][] {
  return [...names]
    .map(([id, list]): [string, string[]] => [id, list.toSorted()])
    .toSorted(([left], [right]) => (left < right ? -1 : 1));
}

async function assertAllocated(fileSystem: FileSystem, volumeBytes: number): Promise<ByteRange[]> {
  const ranges: ByteRange[] = [];
  for await (const batch of fileSystem.allocated()) ranges.push(...batch);
  let end = -1;
  for (const { offsetBytes, lengthBytes } of ranges) {
    assert(offsetBytes > end, `allocated spans ascend and are merged, at ${offsetBytes}`);
    assert(lengthBytes > 0);
    end = offsetBytes + lengthBytes;
  }
  assert(end <= volumeBytes, 'allocated spans lie on the volume');
  return ranges;
}

async function assertOwners(
  fileSystem: FileSystem,
  tree: Tree,
  allocated: readonly ByteRange[],
): Promise<void> {
  const owned: ByteRange[] = [];
  for await (const batch of fileSystem.owners((finding) => assert.fail(finding.reason))) {
    for (const { use, ...range } of batch) {
      assertInside(range, allocated, use);
      owned.push(range);
    }
  }
  if (fileSystem.ownersDoubt === undefined) return;
  // Whoever drops blocks that only others own must hear of every file.
  const spans: ByteRange[] = [];
  const ascending = owned.sort((left, right) => left.offsetBytes - right.offsetBytes);
  for await (const batch of mergeRanges(ascending)) spans.push(...batch);
  for (const { id, name } of tree.values()) {
    for (const range of await fileSystem.ranges(id)) assertInside(range, spans, `owners, ${name}`);
  }
}

async function assertFiles(
  fileSystem: FileSystem,
  tree: Tree,
  allocated: readonly ByteRange[],
): Promise<void> {
  for (const { id, kind, name } of tree.values()) {
    for (const range of await fileSystem.ranges(id)) assertInside(range, allocated, name);
    await fileSystem.attributes(id);
    await fileSystem.streams(id);
    if (kind === 'link') await fileSystem.readLink(id);
    if (kind === 'file') await assertReads(fileSystem, id);
  }
}

/** Any part of a content reads as the same part of the whole. */
async function assertReads(fileSystem: FileSystem, id: string): Promise<void> {
  const content = await fileSystem.open(id);
  const whole = Buffer.alloc(Math.min(content.sizeBytes, 2 ** 20), 1);
  await content.read(whole, 0);
  const start = Math.floor(whole.length / 3);
  const part = Buffer.alloc(Math.ceil((whole.length - start) / 2), 2);
  await content.read(part, start);
  assert.deepEqual(part, whole.subarray(start, start + part.length), `a part of file ${id}`);
  await content.prefetch?.(0, whole.length);
  await content.close();
}

async function assertRefusals(
  { fileSystem, unknownId }: ConformanceSubject,
  tree: Tree,
): Promise<void> {
  const file = [...tree.values()].find(({ kind }) => kind === 'file');
  assert(file !== undefined, 'there is an ordinary file');
  await assert.rejects(async () => fileSystem.status(unknownId), isError('NO_SUCH_FILE'));
  await assert.rejects(async () => fileSystem.open(unknownId), isError('NO_SUCH_FILE'));
  await assert.rejects(async () => fileSystem.status('no number'), isError('NO_SUCH_FILE'));
  await assert.rejects(() => Array.fromAsync(fileSystem.list(file.id)), isError('NOT_A_DIRECTORY'));
  await assert.rejects(async () => fileSystem.find(file.id, 'name'), isError('NOT_A_DIRECTORY'));
  await assert.rejects(async () => fileSystem.readLink(file.id), isError('NOT_A_FILE'));
  await assert.rejects(async () => fileSystem.open(fileSystem.root), isError('NOT_A_FILE'));
  assert.equal(await fileSystem.find(fileSystem.root, 'no such name anywhere'), undefined);
}

function isError(code: Parameters<typeof isSecondwindError>[1]): (error: unknown) => boolean {
  return (error) => isSecondwindError(error, code);
}

/** Binary search for the allocated span that holds the start. */
function assertInside(range: ByteRange, allocated: readonly ByteRange[], what: string): void {
  let [low, high] = [0, allocated.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (allocated[middle]!.offsetBytes <= range.offsetBytes) low = middle + 1;
    else high = middle;
  }
  const span = allocated[low - 1];
  const isInside =
    span !== undefined &&
    range.offsetBytes + range.lengthBytes <= span.offsetBytes + span.lengthBytes;
  assert(
    isInside,
    `${what} at ${range.offsetBytes}, ${range.lengthBytes} bytes, lies in allocated space`,
  );
}
