import { mountPointsMax } from './limits.ts';

/** How a table of mount points names a volume. */
export type VolumeReference =
  /** UUID or serial number of the file system, as written. */
  | { readonly by: 'uuid'; readonly value: string }
  /** Label of the file system. */
  | { readonly by: 'label'; readonly value: string }
  /** Volume.partitionUuid. */
  | { readonly by: 'partition-uuid'; readonly value: string }
  /** Volume.label of a partition. */
  | { readonly by: 'partition-label'; readonly value: string }
  /** Volume.address of a logical volume: "vg/lv". */
  | { readonly by: 'logical-volume'; readonly value: string }
  /** Any other device, whose name may differ from start to start: "/dev/sda1". */
  | { readonly by: 'device'; readonly value: string };

/** One line of fstab. */
export interface MountPoint {
  /** Where it is mounted: an absolute path. */
  readonly path: string;
  readonly volume: VolumeReference;
  /** Kind of file system, as written: "ext4", "auto". */
  readonly kind: string;
  /** Options in order; "subvol=/@home" says which part of a btrfs is meant. */
  readonly options: readonly string[];
}

/** Prefixes of the first field that say by what a volume is named. */
const tags: readonly (readonly [string, VolumeReference['by']])[] = [
  ['UUID=', 'uuid'],
  ['LABEL=', 'label'],
  ['PARTUUID=', 'partition-uuid'],
  ['PARTLABEL=', 'partition-label'],
  ['/dev/disk/by-uuid/', 'uuid'],
  ['/dev/disk/by-label/', 'label'],
  ['/dev/disk/by-partuuid/', 'partition-uuid'],
  ['/dev/disk/by-partlabel/', 'partition-label'],
];

/**
 * Reads etc/fstab: which volume a Linux system shows where. Lines that mount nothing from a disk (swap, proc, network) are left out.
 * @param text - the file, hostile
 * @returns at most `mountPointsMax`, in the order of the file
 * @source fstab(5), udev(7) for the escapes in names below /dev/disk
 */
export function readFstab(text: string): readonly MountPoint[] {
  const found: MountPoint[] = [];
  for (const line of text.split('\n')) {
    if (found.length >= mountPointsMax) break;
    const mountPoint = readLine(line.trim());
    if (mountPoint !== undefined) found.push(mountPoint);
  }
  return found;
}

function readLine(line: string): MountPoint | undefined {
  if (line === '' || line.startsWith('#')) return undefined;
  const [source, path, kind = 'auto', options = 'defaults'] = line
    .split(/[ \t]+/, 4)
    .map(unescaped);
  const volume = source === undefined ? undefined : reference(source);
  if (volume === undefined || path?.startsWith('/') !== true || kind === 'swap') return undefined;
  return { path, volume, kind, options: options.split(',') };
}

/** Spaces and the like are written as a backslash and three octal digits. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

function reference(source: string): VolumeReference | undefined {
  for (const [prefix, by] of tags) {
    if (!source.startsWith(prefix)) continue;
    const value = source.slice(prefix.length).replace(/^"(.*)"$/, '$1');
    return { by, value: prefix.startsWith('/') ? withoutHexEscapes(value) : value };
  }
  if (source.startsWith('/dev/mapper/')) return mapped(source.slice('/dev/mapper/'.length));
  const logical = /^\/dev\/([^/]+)\/([^/]+)$/.exec(source);
  if (logical !== null) return { by: 'logical-volume', value: `${logical[1]!}/${logical[2]!}` };
  return source.startsWith('/dev/') ? { by: 'device', value: source } : undefined;
}

/** Names below /dev/disk write what a path cannot hold as "\x20". */
function withoutHexEscapes(value: string): string {
  return value.replace(/\\x([0-9a-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** The device mapper joins group and volume by a hyphen, and doubles those within their names. */
function mapped(name: string): VolumeReference {
  const parts = name.replaceAll('--', '\0').split('-');
  if (parts.length !== 2) return { by: 'device', value: `/dev/mapper/${name}` };
  return { by: 'logical-volume', value: parts.map((part) => part.replaceAll('\0', '-')).join('/') };
}
