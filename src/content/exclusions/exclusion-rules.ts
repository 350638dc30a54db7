import { pathComponents } from '../path-text.ts';

/** Systems whose known noise has a preset. */
export const exclusionPresets = ['linux', 'windows'] as const;

/** See presets.ts. */
export type ExclusionPreset = (typeof exclusionPresets)[number];

/** What of a disk is not to be stored. */
export interface ExclusionRules {
  /** Paths with "*", "?", "[a-z]" and "**"; a folder stands for all in it, a pattern without "/" for every file of such a name. */
  readonly paths: readonly string[];
  /** Known noise of a system. */
  readonly presets: readonly ExclusionPreset[];
  /** Whether space that no file has is left out too. */
  readonly isUnallocatedExcluded: boolean;
}

/**
 * Whether rules exclude nothing, whatever is on the disk.
 * @param rules - see ExclusionRules
 */
export function areRulesEmpty({ paths, presets, isUnallocatedExcluded }: ExclusionRules): boolean {
  return paths.length === 0 && presets.length === 0 && !isUnallocatedExcluded;
}

/** Rules that exclude nothing. */
export const noExclusionRules: ExclusionRules = {
  paths: [],
  presets: [],
  isUnallocatedExcluded: false,
};

/**
 * Why a path of a rule cannot be meant.
 * @param path - as somebody wrote it
 * @returns the reason as a sentence without its end; undefined when it is sound
 */
export function exclusionPathFault(path: string): string | undefined {
  const components = pathComponents(path);
  if (components.length === 0) return `"${path}" would exclude everything`;
  if (components.includes('..')) return `"${path}" has ".." in it, which no path of a file has`;
  return undefined;
}
