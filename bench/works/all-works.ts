import type { Work } from '../setting/bench.ts';
import { captureLag } from './capture-lag.ts';
import { changedImage } from './changed-image.ts';
import { copyFile } from './copy-file.ts';
import { dedupTwins } from './dedup-twins.ts';
import { fileVersions } from './file-versions.ts';
import { findNames } from './find-names.ts';
import { firstImage } from './first-image.ts';
import { indexSize } from './index-size.ts';
import { indexUpdate } from './index-update.ts';
import { listDirectory } from './list-directory.ts';
import { nbdServer } from './nbd-server.ts';
import { openView } from './open-view.ts';
import { rebuildIndex } from './rebuild-index.ts';
import { restoreImage } from './restore-image.ts';
import { tapWrites } from './tap-writes.ts';
import { unchangedImage } from './unchanged-image.ts';
import { viewReads } from './view-reads.ts';
import { walkFiles } from './walk-files.ts';

/** Everything that is measured, in the order of the page. */
export const allWorks: readonly Work[] = [
  firstImage,
  changedImage,
  unchangedImage,
  restoreImage,
  dedupTwins,
  nbdServer,
  viewReads,
  tapWrites,
  captureLag,
  openView,
  rebuildIndex,
  indexSize,
  listDirectory,
  walkFiles,
  copyFile,
  indexUpdate,
  findNames,
  fileVersions,
];
