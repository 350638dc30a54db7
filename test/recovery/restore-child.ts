/** Restores a generated disk over a file, for tests that kill it: restore-child.ts PATH SEED BYTES. Says "begun" first. */
import { systemClock as clock } from '../../src/base/system-clock.ts';
import { restoreDisk } from '../../src/recovery/restore/restore-disk.ts';
import { diskContent } from './disk-content.ts';
import { viewOf } from './memory-view.ts';

const [path = '', seed = '', sizeBytes = ''] = process.argv.slice(2);
const view = viewOf(diskContent(Number(sizeBytes), Number(seed)));
process.stdout.write('begun\n');
await restoreDisk({ view, target: { path }, mode: 'whole', evenIf: ['exists'], clock });
