/** Checks what no other tool knows of: see scripts/tidy-rules.ts. Prints one line for each finding. */
import { readSourceFiles } from './source-file.ts';
import { tidyRules } from './tidy-rules.ts';

const files = readSourceFiles();
for (const [name, rule] of Object.entries(tidyRules)) {
  for (const finding of rule(files)) {
    console.log(`${name}: ${finding}`);
    process.exitCode = 1;
  }
}
