// Our side of every comparison, each verb in a process of its own like its rivals: scripts/node bench/ours.ts VERB ARG…
// Prints one line of JSON; servers print one when they are ready, and end with SIGTERM.

import { fillFileHistory, findVersions } from './ours/file-history.ts';
import { fillHistory, timeViews } from './ours/history.ts';
import { measureLag } from './ours/measure-lag.ts';
import { fillIndex, searchIndex, updateIndex } from './ours/name-index.ts';
import { createStore } from './ours/open-store.ts';
import { rebuildIndex } from './ours/rebuild-index.ts';
import { restoreImage } from './ours/restore-image.ts';
import { scanInto } from './ours/scan-into.ts';
import { serveFile, serveTap } from './ours/serve-tap.ts';
import { serveView } from './ours/serve-view.ts';
import { showStats } from './ours/show-stats.ts';
import { walkImage } from './ours/walk-image.ts';

type Verb = (...args: [string, string, string]) => Promise<unknown>;

const verbs: Readonly<Record<string, Verb>> = {
  create: createStore,
  scan: scanInto,
  restore: restoreImage,
  rebuild: rebuildIndex,
  stats: showStats,
  'serve-view': serveView,
  'serve-tap': serveTap,
  'serve-file': serveFile,
  'fill-history': fillHistory,
  'time-views': timeViews,
  'measure-lag': measureLag,
  'fill-file-history': fillFileHistory,
  'find-versions': findVersions,
  'walk-image': walkImage,
  'fill-index': fillIndex,
  'search-index': searchIndex,
  'update-index': updateIndex,
};

const [name = '', first = '', second = '', third = ''] = process.argv.slice(2);
const verb = verbs[name];
if (verb === undefined)
  throw new Error(`no verb "${name}"; there are ${Object.keys(verbs).join(', ')}`);
console.log(JSON.stringify((await verb(first, second, third)) ?? {}));
