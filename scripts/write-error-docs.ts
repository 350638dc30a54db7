/** Writes docs/errors.md from the error table. `npm run check` fails while the two differ. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorDocs } from './error-docs.ts';
import { projectRoot } from './source-file.ts';

writeFileSync(join(projectRoot, 'docs/errors.md'), errorDocs());
