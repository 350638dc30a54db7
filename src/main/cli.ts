import { runCommandLine } from '../cli/run-command-line.ts';
import { createContext, surroundingsOfProcess } from './create-context.ts';

const context = createContext(surroundingsOfProcess());
process.exitCode = await runCommandLine(process.argv.slice(2), context);
