/**
 * Everything the demo makes lies in, is mounted below, or names one folder with a random name, so the folder itself is the
 * list of what must be undone: it exists before anything else does, and cleaning up needs to remember nothing. A demo that
 * was killed is cleaned up by the next one.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { run } from './programs.ts';
import type { Screen } from './screen.ts';

const prefix = 'secondwind-demo-';
const markerName = 'demo.json';
const patienceMs = 3_000;

/** Makes the folder, with a marker that tells whose it is. */
export async function makeDemoFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  const marker = { pid: process.pid, started: await startOf(process.pid) };
  await writeFile(join(folder, markerName), JSON.stringify(marker));
  for (const name of ['fuse', 'live', 'view']) await mkdir(join(folder, name));
  return folder;
}

/**
 * Undoes what demos left behind that were killed.
 * @param screen - told of each
 */
export async function cleanUpLeftovers(screen: Screen): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const folder = join(tmpdir(), name);
    if (!name.startsWith(prefix) || !(await isAbandoned(folder))) continue;
    screen.line(`A demo that was killed left ${folder} behind; it is removed first.`);
    await cleanUp(folder);
  }
}

/**
 * Undoes everything below a folder: mounts, loop devices, processes, files.
 * @param folder - made by makeDemoFolder
 */
export async function cleanUp(folder: string): Promise<void> {
  // A file system on a loop device goes before the device, and that before the FUSE mount whose file it shows.
  await unmount(folder, (type) => !type.startsWith('fuse'));
  for (const device of await loopsOf(folder)) await attempt('losetup', ['-d', device]);
  await unmount(folder, () => true);
  await endProcesses(folder);
  await rm(folder, { recursive: true, force: true });
}

async function unmount(folder: string, isMeant: (type: string) => boolean): Promise<void> {
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  const mounts = table.split('\n').flatMap((line) => {
    const fields = line.split(' ');
    const path = fields[4] ?? '';
    const type = fields[fields.indexOf('-') + 1] ?? '';
    return path.startsWith(`${folder}/`) && isMeant(type) ? [path] : [];
  });
  for (const path of mounts.reverse()) {
    // Lazily when the disk below has gone: then nothing can be written back any more.
    if (!(await attempt('umount', [path]))) await attempt('umount', ['-l', path]);
  }
}

async function loopsOf(folder: string): Promise<string[]> {
  const table = await run('losetup', ['-l', '-n', '-O', 'NAME,BACK-FILE']);
  return table.split('\n').flatMap((line) => {
    const [device = '', file = ''] = line.trim().split(/\s+/);
    return file.startsWith(`${folder}/`) ? [device] : [];
  });
}

/** First asked, then made to. Only processes whose command line names the folder are ours. */
async function endProcesses(folder: string): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const ours = await processesNaming(folder);
    for (const pid of ours) tell(pid, signal);
    const deadline = performance.now() + patienceMs;
    while (performance.now() < deadline && (await processesNaming(folder)).length > 0)
      await wait(50);
  }
}

async function processesNaming(folder: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: number[] = [];
  for (const pid of pids) {
    const words = await readProc(pid, 'cmdline');
    if (pid !== process.pid && words.includes(folder)) found.push(pid);
  }
  return found;
}

async function isAbandoned(folder: string): Promise<boolean> {
  try {
    // Anybody may make folders there; only our own are ours to remove.
    if ((await stat(folder)).uid !== process.getuid?.()) return false;
    const marker = JSON.parse(await readFile(join(folder, markerName), 'utf8')) as {
      readonly pid: number;
      readonly started: string;
    };
    return (await startOf(marker.pid)) !== marker.started;
  } catch {
    return false; // Without a readable marker it is not ours to remove.
  }
}

/** When a process started, in ticks since boot; empty when it is gone. A number alone may be another process by now. */
async function startOf(pid: number): Promise<string> {
  const stat = await readProc(pid, 'stat');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

async function readProc(pid: number, name: string): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return ''; // It has ended.
  }
}

function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function attempt(program: string, words: readonly string[]): Promise<boolean> {
  try {
    await run(program, words);
    return true;
  } catch {
    return false; // Whoever asks knows what to try next; what remains is found by the next demo.
  }
}
