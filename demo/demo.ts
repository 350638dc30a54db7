/**
 * The main job, for real: a disk with ext4 is protected, mounted and written to; files are deleted "by accident"; the disk
 * comes back as it stood the second before, in four ways, and every byte is compared. `npm run demo`; with a running
 * virtual machine instead of a disk: `npm run demo -- vm`
 * Exit codes: 0 all was right, 1 something was not, 3 something is missing here, 130 interrupted.
 */
import { systemClock } from '../src/base/system-clock.ts';
import { cleanUp, cleanUpLeftovers, makeDemoFolder } from './demo-folder.ts';
import { missingHere } from './requirements.ts';
import { Screen } from './screen.ts';
import { tellStory } from './story.ts';
import { tellVmStory } from './vm-story.ts';

process.exitCode = await main();

async function main(): Promise<number> {
  const screen = new Screen(process.stdout, systemClock);
  const missing = missingHere();
  if (missing.length > 0) {
    screen.line('The demo makes and mounts a disk, and cannot do that here:');
    for (const reason of missing) screen.line(`  ${reason}`);
    return 3;
  }
  const interruption = interruptionSignal();
  await cleanUpLeftovers(screen);
  const folder = await makeDemoFolder();
  let exitCode = 1;
  try {
    const tell = process.argv[2] === 'vm' ? tellVmStory : tellStory;
    await tell({ folder, screen, clock: systemClock, signal: interruption });
    exitCode = 0;
  } catch (error) {
    screen.failed(interruption.aborted ? 'interrupted' : describe(error));
    if (interruption.aborted) exitCode = 130;
  }
  await cleanUp(folder);
  screen.line(exitCode === 0 ? 'Nothing is left behind.' : 'What the demo had made is removed.');
  return exitCode;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Signals only ask: cleaning up goes on undisturbed, however often they come. */
function interruptionSignal(): AbortSignal {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => interruption.abort());
  }
  return interruption.signal;
}
