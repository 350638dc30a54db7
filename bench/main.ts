// Measures us and the peers side by side: npm run bench -- --help

import { join } from 'node:path';
import { Images } from './data/images.ts';
import { endCommandsWhenInterrupted } from './measure/run-command.ts';
import { secondwind } from './peers/ours.ts';
import { type PageSection, writePage } from './report/benchmarks-page.ts';
import { describeMachine, loadNow } from './report/machine.ts';
import { resultMarkdown } from './report/markdown.ts';
import { isReached, type WorkResult } from './report/result.ts';
import { Archives } from './setting/archives.ts';
import { type Bench, profileFolder, type Work } from './setting/bench.ts';
import { type BenchOptions, parseOptions, usage } from './setting/options.ts';
import { allWorks } from './works/all-works.ts';

const project = join(import.meta.dirname, '..');

interface Measured {
  readonly work: Work;
  readonly result: WorkResult;
  /** When and under what load. */
  readonly circumstances: string;
}

endCommandsWhenInterrupted();
const options = parseOptions(process.argv.slice(2), project);
if (options.isHelp) console.log(`${usage}\nWorks: ${allWorks.map(({ name }) => name).join(', ')}`);
else await measureAll(options);

async function measureAll({ works, ...rest }: BenchOptions): Promise<void> {
  const chosen = works.length === 0 ? allWorks : works.map(workNamed);
  const bench = createBench({ works, ...rest });
  const measured: Measured[] = [];
  try {
    for (const work of chosen) measured.push(await measureOne(work, bench));
  } finally {
    if (!rest.isKept) await Promise.all([bench.images.remove(), bench.archives.remove()]);
    if (rest.isWritten) writeMeasured(measured);
  }
  if (rest.isJson) console.log(JSON.stringify(measured.map(asJson), undefined, 2));
}

function createBench(benchOptions: BenchOptions): Bench {
  const { workFolder } = benchOptions;
  const say = (line: string): void => console.error(`  ${line}`);
  const roots = ['/usr', join(project, 'node_modules'), '/opt'];
  const ours = { profileFolder: profileFolder(benchOptions) };
  return {
    options: benchOptions,
    images: new Images({ folder: join(workFolder, 'images'), roots, say }),
    archives: new Archives(join(workFolder, 'archives'), (folder) => secondwind(folder, ours)),
    say,
  };
}

async function measureOne(work: Work, bench: Bench): Promise<Measured> {
  console.error(`${work.name}: ${work.title}`);
  const before = loadNow();
  const result = await work.run(bench);
  const date = new Date().toISOString().slice(0, 10);
  const load = `load ${before.toFixed(1)} before, ${loadNow().toFixed(1)} after`;
  if (!bench.options.isJson) console.log(`\n## ${work.title}\n\n${resultMarkdown(result)}\n`);
  return { work, result, circumstances: `${date}, median of ${bench.options.rounds}, ${load}` };
}

function writeMeasured(measured: readonly Measured[]): void {
  const machine = describeMachine();
  const sections = measured.map(({ work, result, circumstances }): PageSection => {
    const body = `${resultMarkdown(result)}\n\nMeasured ${circumstances}; ${machine}.`;
    return { name: work.name, title: work.title, body };
  });
  const order = allWorks.map(({ name }) => name);
  writePage(join(project, 'docs', 'benchmarks.md'), sections, order);
}

function asJson({ work, result, circumstances }: Measured): unknown {
  const aims = result.aims.map((aim) => ({ ...aim, isReached: isReached(aim) }));
  return { name: work.name, circumstances, ...result, aims };
}

function workNamed(name: string): Work {
  const work = allWorks.find((each) => each.name === name);
  if (work !== undefined) return work;
  throw new Error(
    `no work is called "${name}"; there are ${allWorks.map((each) => each.name).join(', ')}`,
  );
}
