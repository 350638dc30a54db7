import assert from 'node:assert/strict';
import { isSecondwindError } from '../../src/base/errors.ts';
import { happens, type Random } from '../../src/base/random.ts';
import type { ReadableDisk } from '../../src/disk/disk.ts';
import type { FileSystem, FileSystemReader } from '../../src/filesystem/file-system.ts';

const filesMax = 16;
const contentBytesMax = 128 * 1024;
/** Answers of one kind that one small image may give. */
const batchesMax = 20_000;

/**
 * Uses a file system in every way, as far as a damaged image lets it.
 * @param reader - how it is opened
 * @param disk - the image
 * @param random - decides which of the dearer ways are taken
 * @returns whether it was opened, and how much was found damaged; throws what no reader may throw
 */
export async function useFileSystem(
  reader: FileSystemReader,
  disk: ReadableDisk,
  random: Random,
): Promise<{ isOpened: boolean; findings: number }> {
  let fileSystem: FileSystem;
  try {
    fileSystem = await reader.open(disk);
  } catch (error) {
    assertTheirs(error);
    return { isOpened: false, findings: 1 };
  }
  const findings = await useAll(fileSystem, random);
  await fileSystem.close();
  return { isOpened: true, findings };
}

async function useAll(fileSystem: FileSystem, random: Random): Promise<number> {
  let findings = 0;
  const attempt = async (action: () => unknown): Promise<void> => {
    try {
      await action();
    } catch (error) {
      assertTheirs(error);
      findings += isSecondwindError(error, 'FILE_SYSTEM_DAMAGED') ? 1 : 0;
    }
  };
  const ids = [fileSystem.root];
  await attempt(async () => {
    for await (const batch of bounded(fileSystem.walk(() => (findings += 1)))) {
      for (const { status } of batch) ids.push(status.id);
    }
  });
  for (const id of someOf(random, ids)) await useFile(fileSystem, id, attempt);
  if (happens(random, 0.4)) await attempt(() => drain(fileSystem.allocated()));
  if (happens(random, 0.4)) await attempt(() => drain(fileSystem.owners()));
  if (happens(random, 0.4)) {
    for await (const { severity } of bounded(fileSystem.check()))
      findings += severity === 'damage' ? 1 : 0;
  }
  return findings;
}

/** The root, and a few others. */
function someOf(random: Random, ids: readonly string[]): readonly string[] {
  const chance = filesMax / ids.length;
  return ids.filter((_, index) => index === 0 || happens(random, Math.min(chance, 1)));
}

async function useFile(
  fileSystem: FileSystem,
  id: string,
  attempt: (action: () => unknown) => Promise<void>,
): Promise<void> {
  await attempt(() => fileSystem.status(id));
  await attempt(() => drain(fileSystem.list(id)));
  await attempt(() => fileSystem.find(id, 'rich'));
  await attempt(() => fileSystem.readLink(id));
  await attempt(() => fileSystem.attributes(id));
  await attempt(() => fileSystem.ranges(id));
  await attempt(async () => {
    for (const { name } of await fileSystem.streams(id)) await readSome(fileSystem, id, name);
  });
  await attempt(() => readSome(fileSystem, id));
}

async function readSome(fileSystem: FileSystem, id: string, stream?: string): Promise<void> {
  const content = await fileSystem.open(id, stream);
  const length = Math.min(content.sizeBytes, contentBytesMax);
  await content.read(Buffer.allocUnsafe(length), 0);
  if (length > 0) await content.extents(0, length);
  if (content.sizeBytes > length) await content.read(Buffer.alloc(1), content.sizeBytes - 1);
  await content.close();
}

async function drain(answers: AsyncIterable<unknown>): Promise<void> {
  for await (const answer of bounded(answers)) assert(answer !== undefined);
}

async function* bounded<T>(answers: AsyncIterable<T>): AsyncIterable<T> {
  let count = 0;
  for await (const answer of answers) {
    count += 1;
    assert(count <= batchesMax, 'it answers and answers');
    yield answer;
  }
}

/**
 * Fails unless an error is one that a reader may throw of what lies on a disk.
 * @param error - what was thrown
 */
export function assertTheirs(error: unknown): void {
  const isTheirs = isSecondwindError(error) && error.code !== 'INTERNAL';
  if (!isTheirs) throw error;
  if (error.code === 'FILE_SYSTEM_DAMAGED') {
    assert(typeof error.data['structure'] === 'string', 'damage names a structure');
    assert(typeof error.data['offsetBytes'] === 'number', 'damage names a place');
  }
}
