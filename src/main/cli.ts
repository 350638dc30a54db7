import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Compiled code is kept between runs: a command line should answer before one has let go of the key. Not in the temp
// folder, where others could put code for us to run; where this folder cannot be written, nothing is kept.
enableCompileCache(join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'compiled'));
const { runCommandLine } = await import('../cli/run-command-line.ts');
const { createContext } = await import('./create-context.ts');
process.exitCode = await runCommandLine(process.argv.slice(2), createContext());
