import type { ExclusionPreset } from './exclusion-rules.ts';

/** In the name of every file in which Windows keeps a shadow copy. */
export const shadowStoreMark = '{3808876b-c176-4e48-b7ae-04046e6cc752}';

/** Paths of a preset, from the root of the system (Linux) or of every volume (Windows). */
export const presetPaths: Readonly<Record<ExclusionPreset, readonly string[]>> = {
  linux: [
    '/swapfile',
    '/swap.img',
    '/tmp',
    '/var/tmp',
    '/var/cache/apt/archives',
    '/var/cache/dnf',
    '/var/cache/yum',
    '/var/cache/zypp',
    '/var/cache/pacman/pkg',
  ],
  windows: [
    '/pagefile.sys',
    '/hiberfil.sys',
    '/swapfile.sys',
    `/System Volume Information/*${shadowStoreMark}*`,
    '/Windows/Temp',
    '/Windows/SoftwareDistribution/Download',
    '/Users/*/AppData/Local/Temp',
  ],
};
