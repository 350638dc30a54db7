import { BlockBitmap } from '../../disk/block-bitmap.ts';
import type { FileSystem, Finding } from '../../filesystem/file-system.ts';
import type { Volume } from '../../filesystem/volume.ts';
import { DiskMarks } from './disk-marks.ts';
import { type ExcludedFiles, findExcludedFiles } from './excluded-files.ts';
import type { MatchState, PathMatcher } from './path-matcher.ts';

/** What of a volume is excluded, or why nothing. */
export type VolumeExclusion =
  | {
      /** Blocks of the disk that lie wholly in excluded files. */
      readonly files: BlockBitmap;
      /** Blocks of the disk that no file has. */
      readonly unallocated: BlockBitmap;
      /** Blocks of the disk of which any byte is something else's. */
      readonly kept: BlockBitmap;
      readonly fileCount: number;
    }
  | { readonly doubt: string };

/** What the search in one volume needs. */
export interface VolumeSearch {
  readonly volume: Volume;
  readonly fileSystem: FileSystem;
  readonly matcher: PathMatcher;
  /** State of the root of the file system; empty when no path on it is excluded. */
  readonly rootState: MatchState;
  readonly isUnallocatedExcluded: boolean;
  readonly signal: AbortSignal;
}

const noFiles: ExcludedFiles = { has: () => false, count: 0, hasShadowCopies: false };

/**
 * Works out what of a volume is excluded: blocks of which every known owner is an excluded file, and space that nobody owns. Any
 * structure that cannot be read might own any block, so that nothing is excluded then.
 * @param search - see VolumeSearch
 * @throws what the volume throws; the signal's reason
 */
export async function findVolumeExclusion(search: VolumeSearch): Promise<VolumeExclusion> {
  const { fileSystem, volume } = search;
  if (fileSystem.ownersDoubt === undefined) {
    return {
      doubt: `which file has which block is not told for certain by ${fileSystem.summary.kind}`,
    };
  }
  const doubt = fileSystem.ownersDoubt();
  if (doubt !== undefined) return { doubt };
  const findings: Finding[] = [];
  const onFinding = (finding: Finding): void => {
    if (findings.length === 0) findings.push(finding);
  };
  const excluded = await filesOf(search, onFinding);
  if (excluded.hasShadowCopies)
    return { doubt: 'its shadow copies, which are not excluded, may show any block' };
  const files = new DiskMarks(volume.spans);
  const kept = new DiskMarks(volume.spans);
  for await (const owners of fileSystem.owners(onFinding)) {
    search.signal.throwIfAborted();
    for (const { id, use, ...range } of owners) {
      const isExcluded = id !== undefined && isContent(use) && excluded.has(id);
      if (isExcluded) files.addWhole(range);
      else kept.addTouched(range);
    }
  }
  const unallocated = await unallocatedOf(search);
  const [finding] = findings;
  if (finding !== undefined)
    return { doubt: `it is damaged: ${finding.structure}, ${finding.reason}` };
  return {
    files: files.blocks,
    kept: kept.blocks,
    unallocated,
    fileCount: excluded.count,
  };
}

/** Shadow copies, which only NTFS has, matter also when nothing but free space is excluded. */
async function filesOf(
  search: VolumeSearch,
  onFinding: (finding: Finding) => void,
): Promise<ExcludedFiles> {
  const { fileSystem, rootState } = search;
  if (rootState.length === 0 && fileSystem.summary.kind !== 'ntfs') return noFiles;
  return findExcludedFiles({ ...search, onFinding });
}

/** Content and named streams; a file's maps, attributes and records are read by whoever reads the volume. */
function isContent(use: string): boolean {
  return use === 'content' || use.startsWith('stream ');
}

/** What lies behind the end of the file system is not its own to call free. */
async function unallocatedOf(search: VolumeSearch): Promise<BlockBitmap> {
  const { fileSystem, volume, isUnallocatedExcluded, signal } = search;
  const free = new DiskMarks(volume.spans);
  if (!isUnallocatedExcluded) return free.blocks;
  let endBytes = 0;
  for await (const ranges of fileSystem.allocated()) {
    signal.throwIfAborted();
    for (const { offsetBytes, lengthBytes } of ranges) {
      free.addWhole({ offsetBytes: endBytes, lengthBytes: Math.max(0, offsetBytes - endBytes) });
      endBytes = Math.max(endBytes, offsetBytes + lengthBytes);
    }
  }
  const restBytes = Math.max(0, fileSystem.summary.sizeBytes - endBytes);
  free.addWhole({ offsetBytes: endBytes, lengthBytes: restBytes });
  return free.blocks;
}
