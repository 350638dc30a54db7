import { strict as assert } from 'node:assert';
import { createHash, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { isSecondwindError } from '../../src/base/errors.ts';
import { blockBytes } from '../../src/base/limits.ts';
import { silentLogger } from '../../src/base/log.ts';
import { oneOf, seededRandom } from '../../src/base/random.ts';
import { systemClock } from '../../src/base/system-clock.ts';
import {
  type ExclusionRules,
  noExclusionRules,
} from '../../src/content/exclusions/exclusion-rules.ts';
import { FileTree } from '../../src/content/file-tree.ts';
import { isAllZero } from '../../src/disk/zeroes.ts';
import { openFileSystem } from '../../src/filesystem/open-file-system.ts';
import { InlinePipeline } from '../../src/pipeline/inline-pipeline.ts';
import {
  createRepository,
  MemoryIndexHome,
  openRepository,
  type Repository,
  type View,
} from '../../src/repository/index.ts';
import { ImageScanner, type ScanOutcome } from '../../src/service/image-scanner.ts';
import { MemoryStorage } from '../../src/storage/memory-storage.ts';
import { DiskImage } from '../filesystem/disk-image.ts';
import { changeTree, layOut, type SeenFile, seenFiles } from './excluded-world.ts';

const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31));
const name = { machine: 'web1', disk: 'root' };
const mebibyte = 1024 * 1024;
const action = { progress: () => undefined, signal: new AbortController().signal };

/** Rules, and in plain words which paths they mean. */
interface KnownRules extends ExclusionRules {
  readonly means: (path: string) => boolean;
}

const knownRules: readonly KnownRules[] = [
  { ...noExclusionRules, means: () => false },
  { ...noExclusionRules, paths: ['/scratch'], means: (path) => path.startsWith('/scratch/') },
  {
    ...noExclusionRules,
    paths: ['*.iso'],
    isUnallocatedExcluded: true,
    means: (path) => path.endsWith('.iso'),
  },
  {
    ...noExclusionRules,
    paths: ['/scratch/sub/*.t?[pt]', 'kept/**/deep'],
    means: (path) => /^\/scratch\/sub\/[^/]*\.t.[pt]$|^\/kept\/deep\//.test(path),
  },
  { ...noExclusionRules, isUnallocatedExcluded: true, means: () => false },
  {
    ...noExclusionRules,
    presets: ['linux'],
    isUnallocatedExcluded: true,
    means: (path) => path.startsWith('/tmp/'),
  },
];

/** A repository in memory, and the scanner that people use. */
async function withRepository(
  use: (repository: Repository, scanner: ImageScanner) => Promise<void>,
): Promise<void> {
  const storage = new MemoryStorage();
  const secret = { kind: 'key-file' as const, secret: new Uint8Array(32).fill(9) };
  await createRepository({ storage, secret, clock: systemClock }, 'test');
  const repository = await openRepository({
    ...{ storage, secret, clock: systemClock, log: silentLogger },
    ...{ indexHome: new MemoryIndexHome(), pipeline: new InlinePipeline() },
  });
  try {
    await use(repository, new ImageScanner(repository, systemClock));
  } finally {
    await repository.close();
  }
}

/** What a point must show for ever. */
interface KnownPoint {
  readonly timeMicros: number;
  readonly rules: KnownRules;
  readonly files: readonly SeenFile[];
}

/** Tallies, to see that anything was tested. */
const seen = { refused: 0, excludedBlocks: 0 };

async function checkBlocks(view: View, image: Buffer): Promise<void> {
  const content = Buffer.alloc(view.sizeBytes);
  await view.read(content, 0);
  for (let at = 0; at < view.sizeBytes; ) {
    for (const { lengthBytes, isExcluded } of await view.extents(at, view.sizeBytes - at)) {
      const own = content.subarray(at, at + lengthBytes);
      if (isExcluded === true) {
        seen.excludedBlocks += lengthBytes / blockBytes;
        assert(isAllZero(own), 'what is excluded reads as zeroes');
      } else
        assert(
          own.equals(image.subarray(at, at + lengthBytes)),
          `what is held at ${at} is what was there`,
        );
      at += lengthBytes;
    }
  }
}

async function checkFiles(view: View, { rules, files }: KnownPoint): Promise<void> {
  const fileSystem = await openFileSystem(view);
  assert(fileSystem !== undefined);
  const mounts = [{ path: [], fileSystem, volume: 'root' }];
  const tree = new FileTree({ name: 'root', mounts, linksBeginAt: 'tree' });
  for (const { paths, content } of files) {
    const { status } = await tree.resolve(paths[0]!);
    const found = Buffer.alloc(content.length);
    const opened = await fileSystem.open(status.id);
    assert.equal(opened.sizeBytes, content.length);
    try {
      await opened.read(found, 0);
      assert(found.equals(content), `${paths.join(', ')} is as it was`);
    } catch (error) {
      if (!isSecondwindError(error, 'EXCLUDED')) throw error;
      assert(
        paths.every((path) => rules.means(path)),
        `${paths.join(', ')} was kept by no rule`,
      );
      seen.refused += 1;
    }
  }
  await fileSystem.close();
}

async function checkPoint(repository: Repository, point: KnownPoint): Promise<string> {
  const view = await repository.openView(name, point.timeMicros);
  await checkFiles(view, point);
  const content = Buffer.alloc(view.sizeBytes);
  await view.read(content, 0);
  await view.close();
  return createHash('sha256').update(content).digest('hex');
}

function excludedOf({ found }: ScanOutcome): number {
  return (found?.fileBytes ?? 0) + (found?.unallocatedBytes ?? 0);
}

const kinds = [
  { maker: ['mkfs.ext4', '-q', '-b', '1024'], mount: ['-o', 'loop'] },
  { maker: ['mkfs.ext4', '-q', '-b', '4096'], mount: ['-o', 'loop'] },
  { maker: ['mkntfs', '-F', '-Q', '-q'], mount: ['-t', 'ntfs-3g'] },
  {
    maker: ['mkfs.xfs', '-q', '--unsupported', '-b', 'size=1024'],
    mount: ['-o', 'loop'],
    sizeBytes: 16 * mebibyte,
  },
] as const;

describe(`exclusions (SEED=${seed})`, () => {
  for (const kind of kinds) {
    test(`no change and no rule ever loses a kept file: ${kind.maker.join(' ')}`, async () => {
      const random = seededRandom(seed);
      const sizeBytes = 'sizeBytes' in kind ? kind.sizeBytes : 12 * mebibyte;
      await using image = await DiskImage.make(sizeBytes, [...kind.maker]);
      await image.mounted(kind.mount, layOut);
      Object.assign(seen, { refused: 0, excludedBlocks: 0 });
      await withRepository(async (repository, scanner) => {
        const points = new Map<KnownPoint, string>();
        for (let step = 0; step < 5; step += 1) {
          const files = await image.mounted(kind.mount, (folder) => {
            changeTree(folder, random);
            return seenFiles(folder);
          });
          const rules =
            step === 4
              ? knownRules[0]!
              : oneOf(random, step === 2 ? knownRules.slice(1, 3) : knownRules);
          const outcome = await scanner.scan(name, { path: image.path, rules }, action);
          assert.deepEqual(outcome.report.notes, []);
          const { lastPointMicros } = repository.disk(name);
          const point = { timeMicros: lastPointMicros!, rules, files };
          const view = await repository.openView(name, point.timeMicros);
          const before = seen.excludedBlocks;
          await checkBlocks(view, readFileSync(image.path));
          await view.close();
          const shownBytes = (seen.excludedBlocks - before) * blockBytes;
          assert(shownBytes <= excludedOf(outcome), 'only what the rules found is excluded');
          points.set(point, await checkPoint(repository, point));
        }
        for (const [point, digest] of points)
          assert.equal(await checkPoint(repository, point), digest);
      });
      assert(seen.excludedBlocks > 0 && seen.refused > 0, JSON.stringify(seen));
    });
  }
});
