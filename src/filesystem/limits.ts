/** Limits on what a file system on a protected disk may ask of us. A hostile image must never reach past one of them. */

/** Metadata cached for one open file system, bytes. */
export const metadataCacheBytes: number = 32 * 1024 * 1024;

/** One page of that cache, bytes: one read of the disk below, so neighbouring metadata comes along. */
export const metadataPageBytes: number = 64 * 1024;

/** Longest single structure that a reader asks for at once, bytes: the largest block of any supported file system is 2 MiB. */
export const structureBytesMax: number = 4 * 1024 * 1024;

/** Longest target of a symbolic link, bytes (PATH_MAX is 4096; reparse points hold up to 16 KiB). */
export const linkTargetBytesMax: number = 16 * 1024;

/** Longest value of an extended attribute, bytes (XATTR_SIZE_MAX of Linux). */
export const attributeValueBytesMax: number = 64 * 1024;

/** Extended attributes of one file, all together, bytes; ReiserFS-like giants are cut off with a finding. */
export const attributesBytesMax: number = 1024 * 1024;

/** Directories one in another that a path or a walk may go down. */
export const directoryDepthMax: number = 4096;

/** Partitions and volumes looked at on the disks of one machine. */
export const volumesMax: number = 1024;

/** Sections one in another in LVM's description of a group; its own go four deep. */
export const lvmDepthMax = 16;

/** Logical volumes of LVM that a mirror may be put together from, one below the other. */
export const lvmStackMax = 4;

/** Segments of the logical volumes of one group, counted again for each mirror that shows them. */
export const lvmSpansMax = 100_000;

/** Descriptions of groups read on all disks of a machine together, bytes; 100 physical volumes with 200 KiB each stay below. */
export const lvmTextBytesMax: number = 32 * 1024 * 1024;

/** Pieces of one file on FAT and exFAT: two numbers are kept for each. */
export const chainPiecesMax: number = 4 * 1024 * 1024;

/** Longest directory of FAT, bytes: 65,536 entries of 32 bytes. */
export const fatDirectoryBytesMax: number = 2 * 1024 * 1024;

/** Longest directory of exFAT, bytes, as its specification has it. */
export const exfatDirectoryBytesMax: number = 256 * 1024 * 1024;

/** Longest directory of ISO 9660, bytes: half a million short names. */
export const isoDirectoryBytesMax: number = 64 * 1024 * 1024;

/** Records of one file of ISO 9660: each holds up to 4 GiB. */
export const isoExtentsMax = 1024;

/** Continuations of the entries of one record: a name and a link target of 4 KiB need three. */
export const isoContinuationsMax = 32;

/** Volume descriptors looked at in front of the last one. */
export const isoDescriptorsMax = 64;

/** Lines of fstab that are taken. */
export const mountPointsMax = 1024;

/** Longest cell of a registry hive that is read, bytes: larger data is written in several. */
export const hiveCellBytesMax: number = 64 * 1024;

/** Keys or values of one key of a registry hive that are looked at. */
export const hiveEntriesMax = 4096;
