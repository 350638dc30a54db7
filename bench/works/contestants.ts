import type { ArchiveToolMaker } from '../peers/archive-tool.ts';
import { borg } from '../peers/borg.ts';
import { qemuZlib, qemuZstd, zstdOne } from '../peers/converters.ts';
import { restic } from '../peers/restic.ts';
import type { Bench } from '../setting/bench.ts';

/**
 * Those who keep history, ourselves first.
 * @param bench - knows ourselves
 */
export function keepers(bench: Bench): readonly ArchiveToolMaker[] {
  return [bench.archives.ours, restic, borg];
}

/**
 * All who can store an image.
 * @param bench - knows ourselves
 */
export function allTools(bench: Bench): readonly ArchiveToolMaker[] {
  return [...keepers(bench), qemuZstd, qemuZlib, zstdOne];
}

/**
 * All in turn, several rounds, each beginning with another one, so that none always runs after the same.
 * @param items - the contestants
 * @param rounds - how often
 */
export function* inTurn<T>(items: readonly T[], rounds: number): Generator<T> {
  for (let round = 0; round < rounds; round++) {
    for (let index = 0; index < items.length; index++) yield items[(index + round) % items.length]!;
  }
}
