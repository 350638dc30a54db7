import { join } from 'node:path';
import { settleDisk, storedBytes, warmFiles } from '../measure/page-cache.ts';
import { type CommandLine, commandText, runCommand } from '../measure/run-command.ts';
import { medianBy } from '../measure/statistics.ts';
import type { ArchiveTool, ArchiveToolMaker } from '../peers/archive-tool.ts';
import type { Column, Row } from '../report/result.ts';
import type { Bench } from '../setting/bench.ts';
import { inTurn } from './contestants.ts';

/** What one command took. */
export interface Saving {
  readonly tool: string;
  readonly seconds: number;
  /** Time until the kernel had written what the command left to it, seconds. */
  readonly syncSeconds: number;
  readonly megabytesPerSecond: number;
  /** Growth of the store, MiB. */
  readonly storedMebibytes: number;
  readonly peakMebibytes: number;
  readonly processorSeconds: number;
}

/** The columns of a table of savings. */
export const savingColumns: readonly Column[] = [
  { key: 'tool', title: 'program' },
  { key: 'seconds', title: 's', digits: 1 },
  { key: 'megabytesPerSecond', title: 'MB/s' },
  { key: 'ratio', title: 'ours is faster by', digits: 2 },
  { key: 'storedMebibytes', title: 'stored MiB', digits: 1 },
  { key: 'peakMebibytes', title: 'peak memory MiB' },
  { key: 'processorSeconds', title: 'processor s', digits: 1 },
  { key: 'syncSeconds', title: 'then sync s', digits: 1 },
];

/** A measurement of every tool. */
export interface SavingPlan {
  readonly bench: Bench;
  readonly tools: readonly ArchiveToolMaker[];
  /** What is read. */
  readonly image: string;
  readonly imageBytes: number;
  /** Folder that every tool in turn has for itself. */
  readonly folder: string;
  /** Makes a tool ready; not measured. */
  readonly prepare: (make: ArchiveToolMaker) => Promise<ArchiveTool>;
  /** What is measured. */
  readonly command: (tool: ArchiveTool) => CommandLine;
  /** What to do after; not measured. */
  readonly after?: (make: ArchiveToolMaker, tool: ArchiveTool) => Promise<void>;
}

/** Savings of all tools, and the commands that were run. */
export interface Savings {
  /** The median of each tool's rounds, in the order of the tools. */
  readonly medians: readonly Saving[];
  readonly commands: readonly string[];
}

/**
 * Measures every tool in turn.
 * @param plan - see SavingPlan
 */
export async function measureSavings(plan: SavingPlan): Promise<Savings> {
  const { bench, tools } = plan;
  const all = new Map<ArchiveToolMaker, Saving[]>(tools.map((make) => [make, []]));
  const commands = new Map<ArchiveToolMaker, string>();
  for (const make of inTurn(tools, bench.options.rounds)) {
    const tool = await plan.prepare(make);
    const command = plan.command(tool);
    commands.set(make, shortened(commandText(command), bench));
    const saving = await measureOne(plan, tool, command);
    bench.say(`${tool.name}: ${saving.seconds.toFixed(1)} s`);
    all.get(make)!.push(saving);
    await plan.after?.(make, tool);
  }
  const medians = [...all.values()].map((each) => medianBy(each, ({ seconds }) => seconds));
  return { medians, commands: [...commands.values()] };
}

/**
 * Savings as rows, with how many times as long each took as the first.
 * @param savings - ours first
 */
export function savingRows(savings: readonly Saving[]): readonly Row[] {
  const ours = savings[0]!;
  return savings.map((saving, index) =>
    index === 0 ? { ...saving } : { ...saving, ratio: saving.seconds / ours.seconds },
  );
}

/**
 * The saving of a tool.
 * @param savings - to look in
 * @param start - how its name begins
 */
export function savingOf(savings: readonly Saving[], start: string): Saving {
  const found = savings.find(({ tool }) => tool.startsWith(start));
  if (found === undefined) throw new Error(`${start} was not measured`);
  return found;
}

/**
 * A command line without the paths of one machine.
 * @param text - the command line
 * @param bench - knows the paths
 */
export function shortened(text: string, bench: Bench): string {
  const project = join(import.meta.dirname, '..', '..');
  return text
    .replaceAll(process.execPath, 'scripts/node')
    .replaceAll('--disable-warning=ExperimentalWarning ', '')
    .replaceAll(bench.options.workFolder, '$WORK')
    .replaceAll(`/scratch-${process.pid}`, '/scratch')
    .replaceAll(`${project}/`, '');
}

async function measureOne(
  plan: SavingPlan,
  tool: ArchiveTool,
  command: CommandLine,
): Promise<Saving> {
  await warmFiles(plan.image);
  await settleDisk();
  const before = await storedOrNothing(tool.store);
  const run = await runCommand(command);
  const syncStart = performance.now();
  await settleDisk();
  const syncSeconds = (performance.now() - syncStart) / 1000;
  return {
    tool: tool.name,
    seconds: run.seconds,
    syncSeconds,
    megabytesPerSecond: plan.imageBytes / 1e6 / run.seconds,
    storedMebibytes: ((await storedOrNothing(tool.store)) - before) / 2 ** 20,
    peakMebibytes: run.peakMemoryBytes / 2 ** 20,
    processorSeconds: run.processorSeconds,
  };
}

async function storedOrNothing(path: string): Promise<number> {
  try {
    return await storedBytes(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
