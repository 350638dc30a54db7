import type { FuzzTarget } from '../fuzz-target.ts';
import { captureTargets } from './capture-targets.ts';
import { exchangeTargets } from './exchange-targets.ts';
import { fileTargets } from './file-targets.ts';
import { nbdTargets } from './nbd-targets.ts';
import { payloadTargets } from './payload-targets.ts';
import { segmentTargets } from './segment-targets.ts';
import { textTargets } from './text-targets.ts';

/** Everything that can be fuzzed by name. */
export const allTargets: readonly FuzzTarget[] = [
  ...segmentTargets,
  ...payloadTargets,
  ...fileTargets,
  ...textTargets,
  ...nbdTargets,
  ...captureTargets,
  ...exchangeTargets,
];
