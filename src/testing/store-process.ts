// A process of its own around an LMDB store, for tests that kill it or hand it files which may crash it.
//   store-process.ts write DIRECTORY        commits for ever; prints each number once its commit is resolved
//   store-process.ts read DIRECTORY...      prints for each the number of the last commit, or what is wrong

import { strict as assert } from 'node:assert';
import { openLmdbStore } from '../keyvalue/lmdb-store.ts';
import { numberedBatch, numberedRows, numberedTables } from './numbered-commits.ts';

const [verb, ...directories] = process.argv.slice(2);

if (verb === 'write') await write(directories[0]!);
else for (const directory of directories) process.stdout.write(`${await read(directory)}\n`);

async function write(directory: string): Promise<never> {
  const store = await openLmdbStore({ directory, tables: numberedTables });
  for (let number = numberedRows(store) + 1; ; number++) {
    await store.commit(numberedBatch(number));
    process.stdout.write(`${number}\n`);
  }
}

async function read(directory: string): Promise<string> {
  try {
    const store = await openLmdbStore({ directory, tables: numberedTables });
    const number = numberedRows(store);
    await store.close();
    return String(number);
  } catch (error) {
    assert(error instanceof Error);
    return `broken: ${error.message}`;
  }
}
