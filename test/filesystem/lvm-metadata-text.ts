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
