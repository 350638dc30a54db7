import { enableCompileCache } from 'node:module';

// Compiled code is kept between runs: a command line should answer before one has let go of the key.
enableCompileCache();
const { runCommandLine } = await import('../cli/run-command-line.ts');
const { createContext } = await import('./create-context.ts');
process.exitCode = await runCommandLine(process.argv.slice(2), createContext());
