import { analyseImages } from '../analysis/analyse-images.ts';
import { renderAnalysis } from '../analysis/render-analysis.ts';
import type { Clock } from '../base/clock.ts';
import { isSecondwindError, SecondwindError } from '../base/errors.ts';
import { secureRandom } from '../base/random.ts';
import type { AnalysisAnswer } from '../cli/command-context.ts';
import { type FileDisk, openFileDisk } from '../disk/file-disk.ts';
import { ThreadPipeline } from '../pipeline/thread-pipeline.ts';
import type { ActionContext } from '../service/long-action.ts';
import { watchRecovery } from '../service/watch-recovery.ts';
import { threadCount } from './thread-count.ts';

/** As the repository stores. */
const compressionLevel = 1;

/**
 * Analyses files and devices in this process.
 * @param files - absolute paths; only read
 * @param action - progress and interruption
 * @param clock - measures speed
 * @throws NOT_FOUND, NOT_A_DISK, IO_FAILED, INTERRUPTED
 */
export async function analyseFiles(
  files: readonly string[],
  action: ActionContext,
  clock: Clock,
): Promise<AnalysisAnswer> {
  await using closing = new AsyncDisposableStack();
  const disks = [];
  for (const name of files) {
    const disk = await openThere(name, clock);
    closing.defer(() => disk.close());
    disks.push({ name, disk });
  }
  const pipeline = new ThreadPipeline(threadCount());
  closing.defer(() => pipeline.close());
  const watch = watchRecovery(action);
  const options = { disks, pipeline, compressionLevel, random: secureRandom, clock };
  const result = await analyseImages({ ...options, ...watch });
  return { document: result, text: `${renderAnalysis(result)}\n` };
}

async function openThere(name: string, clock: Clock): Promise<FileDisk> {
  try {
    return await openFileDisk(name, { clock, isReadOnly: true });
  } catch (error) {
    if (!isSecondwindError(error) || error.data['systemCode'] !== 'ENOENT') throw error;
    throw new SecondwindError('NOT_FOUND', { what: 'file or device', name }, error);
  }
}
