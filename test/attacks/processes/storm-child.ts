/**
 * A process for a kill storm: storm-child.ts FOLDER SEED. Says "ready", waits for a line with the last number of each
 * machine as JSON, says "opening", then appends for ever and says each acknowledged commit as one line of JSON.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { systemClock } from '../../../src/base/system-clock.ts';
import { ThreadPipeline } from '../../../src/pipeline/thread-pipeline.ts';
import type { Repository } from '../../../src/repository/index.ts';
import { openStorm } from './open-storm.ts';
import { changesOf, type StormCommit } from './storm-commits.ts';

/** Appends of one machine under way at once. */
const appendsMax = 3;

const [folder = '', seedText = ''] = process.argv.slice(2);
// A lost parent must not leave a process that writes for ever.
process.stdin.on('end', () => process.exit(0));
say('ready');
const line = await new Promise<string>((resolve) => {
  createInterface(process.stdin).once('line', resolve);
});
const lastNumbers = Object.entries(JSON.parse(line) as Record<string, number>);
say('opening');
const repository = await openStorm(folder, new ThreadPipeline(2));
await Promise.all(lastNumbers.map(([machine, last]) => appendForEver(repository, machine, last)));

async function appendForEver(to: Repository, machine: string, last: number): Promise<void> {
  let number = last;
  const appendNext = async (): Promise<never> => {
    for (;;) {
      number += 1;
      await append(to, { seed: Number(seedText), machine, number });
    }
  };
  await Promise.all(Array.from({ length: appendsMax }, appendNext));
}

async function append(to: Repository, commit: StormCommit): Promise<void> {
  const { machine, number } = commit;
  const receipt = await to.append({
    machine,
    timeMicros: systemClock.nowMicros(),
    consistency: 'crash',
    disks: changesOf(commit),
    notes: [{ kind: 'bookmark', text: String(number) }],
  });
  const { timeMicros, sequence } = receipt;
  say(JSON.stringify({ machine, number, sequence, timeMicros }));
}

/** Written at once: what is said has left the process when the next thing happens. */
function say(text: string): void {
  writeSync(1, `${text}\n`);
}
