/**
 * The attacks of test/attacks for as long as somebody has time.
 *   npm run soak -- NAME [--cycles N] [--seed N]
 */
import { parseArgs } from 'node:util';
import { restoreDatabase } from '../attacks/processes/busy-database.ts';
import { restoreBusy } from '../attacks/processes/busy-file-system.ts';
import { killStorm } from '../attacks/processes/kill-storm.ts';
import { seedOfRun } from '../attacks/processes/seed-of-run.ts';
import { killServers } from '../attacks/processes/server-kill.ts';
import { kinds, testBusyFileSystem } from '../capture/kernel-busy-file-system.ts';
import { cutConnections } from '../exchange/cut-connections.ts';

interface Soak {
  readonly purpose: string;
  readonly cycles: number;
  run(options: { seed: number; cycles: number; say: (line: string) => void }): Promise<unknown>;
}

const soaks: Record<string, Soak> = {
  'kill-storm': {
    purpose: 'kill -9 a process that appends; every acknowledged point must read byte for byte',
    cycles: 1000,
    run: killStorm,
  },
  'server-kill': {
    purpose: 'kill -9 the whole server while a client writes; views, gaps and backing must agree',
    cycles: 100,
    run: killServers,
  },
  'exchange-cuts': {
    purpose: 'cut the connection of a sender, at borders of messages and inside; a cycle is a cut',
    cycles: 2000,
    run: cutConnections,
  },
  'busy-ext4': {
    purpose: 'restore moments of an ext4 under load; a cycle is a moment',
    cycles: 50,
    run: ({ seed, cycles }) =>
      restoreBusy({ seed, kind: 'ext4', diskMebibytes: 96, workMs: 60_000, moments: cycles }),
  },
  'busy-database': {
    purpose: 'restore moments of a PostgreSQL under load; a cycle is a moment',
    cycles: 50,
    run: ({ seed, cycles }) => restoreDatabase({ seed, workMs: 60_000, moments: cycles }),
  },
  'busy-xfs': {
    purpose: 'the same of an xfs',
    cycles: 50,
    run: ({ seed, cycles }) =>
      restoreBusy({ seed, kind: 'xfs', diskMebibytes: 320, workMs: 60_000, moments: cycles }),
  },
};

for (const kind of kinds) {
  soaks[`live-${kind.name}`] = {
    purpose: `restore points of a device captured in the kernel, with a busy ${kind.name}; a cycle is a point`,
    cycles: 50,
    run: ({ seed, cycles }) =>
      testBusyFileSystem(kind, { seed, durationMs: 60_000, pointsMax: cycles }),
  };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { cycles: { type: 'string' }, seed: { type: 'string' } },
});
process.exitCode = await main(positionals[0]);

async function main(name: string | undefined): Promise<number> {
  const soak = name === undefined ? undefined : soaks[name];
  if (soak === undefined) {
    for (const [each, { purpose, cycles }] of Object.entries(soaks)) {
      console.log(
        `${each.padEnd(14)} ${purpose} (${cycles} cycles unless --cycles says otherwise)`,
      );
    }
    return name === undefined ? 0 : 2;
  }
  const seed = Number(values.seed ?? seedOfRun());
  const cycles = Number(values.cycles ?? soak.cycles);
  console.log(`${name}: SEED=${seed}, ${cycles} cycles`);
  const started = performance.now();
  const report = await soak.run({ seed, cycles, say: (line) => console.log(line) });
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`${name}: passed in ${seconds} s ${JSON.stringify(report)}`);
  return 0;
}
