/** A segment of a logical volume: what is written into it besides its extents. */
export interface SegmentText {
  readonly extents: number;
  readonly lines: readonly string[];
}

/** A logical volume for `lvmText`. */
export interface LogicalText {
  readonly name: string;
  readonly isVisible: boolean;
  readonly segments: readonly SegmentText[];
}

const identity = (prefix: string, number: number): string =>
  `${prefix}${number}`
    .padEnd(32, 'x')
    .replace(/^(.{6})(.{4})(.{4})(.{4})(.{4})(.{4})(.{6})$/, '$1-$2-$3-$4-$5-$6-$7');

/** Identity of the n-th physical volume, with hyphens. */
export const physicalId = (number: number): string => identity('pv', number);

/** LVM's description of a group of physical volumes of 15 extents of 1 MiB, as `vgcfgrestore` reads it. */
export function lvmText(physicalCount: number, volumes: readonly LogicalText[]): string {
  const physical = Array.from(
    { length: physicalCount },
    (_, number) => `pv${number} { id = "${physicalId(number)}"\n device = "/dev/x${number}"
      status = ["ALLOCATABLE"]\n flags = []\n dev_size = 32768\n pe_start = 2048\n pe_count = 15 }`,
  );
  return `contents = "Text Format Volume Group"
    version = 1
    creation_time = 1795616364 # a comment with "{"
    vg-hand {
      id = "${identity('vg', 0)}"
      seqno = 9\n format = "lvm2"\n status = ["RESIZEABLE", "READ", "WRITE"]\n flags = []
      extent_size = 2048\n max_lv = 0\n max_pv = 0\n metadata_copies = 0
      physical_volumes { ${physical.join('\n')} }
      logical_volumes { ${volumes.map(logicalText).join('\n')} }
    }\n`;
}

function logicalText({ name, isVisible, segments }: LogicalText, number: number): string {
  let start = 0;
  const parts = segments.map(({ extents, lines }, index) => {
    const text = `segment${index + 1} { start_extent = ${start}\n extent_count = ${extents}\n ${lines.join('\n')} }`;
    start += extents;
    return text;
  });
  return `${name} { id = "${identity('lv', number)}"
    status = ["READ", "WRITE"${isVisible ? ', "VISIBLE"' : ''}]
    flags = []\n segment_count = ${segments.length}\n ${parts.join('\n')} }`;
}

const striped = (on: string, first: number): readonly string[] => [
  'type = "striped"',
  'stripe_count = 1',
  `stripes = ["${on}", ${first}]`,
];

const plain = (name: string, on: string, first: number, extents: number): LogicalText => ({
  name,
  isVisible: false,
  segments: [{ extents, lines: striped(on, first) }],
});

const shown = (name: string, extents: number, ...lines: readonly string[]): LogicalText => ({
  name,
  isVisible: true,
  segments: [{ extents, lines }],
});

/** Volumes of two disks: a mirror, one with a snapshot, and a thin pool with a volume. */
export const everyForm: readonly LogicalText[] = [
  shown(
    'mirrored',
    2,
    'type = "raid1"',
    'device_count = 2',
    'region_size = 1024',
    'raids = ["mirrored_rmeta_0", "mirrored_rimage_0",',
    '"mirrored_rmeta_1", "mirrored_rimage_1"]',
  ),
  plain('mirrored_rmeta_0', 'pv0', 0, 1),
  plain('mirrored_rimage_0', 'pv0', 1, 2),
  plain('mirrored_rmeta_1', 'pv1', 0, 1),
  plain('mirrored_rimage_1', 'pv1', 1, 2),
  shown('snapped', 1, ...striped('pv0', 6)),
  shown('snap', 1, ...striped('pv0', 7)),
  {
    ...shown(
      'snapshot0',
      1,
      'type = "snapshot"',
      'chunk_size = 8',
      'origin = "snapped"',
      'cow_store = "snap"',
    ),
    isVisible: false,
  },
  shown(
    'pool',
    2,
    'type = "thin-pool"',
    'metadata = "pool_tmeta"',
    'pool = "pool_tdata"',
    'transaction_id = 1',
    'chunk_size = 128',
    'discards = "passdown"',
    'zero_new_blocks = 1',
  ),
  plain('pool_tmeta', 'pv1', 4, 1),
  plain('pool_tdata', 'pv1', 5, 2),
  shown('thin', 20, 'type = "thin"', 'thin_pool = "pool"', 'transaction_id = 0', 'device_id = 1'),
];
