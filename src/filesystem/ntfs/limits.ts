/** Limits on what an NTFS volume may ask of us, beside those that hold for every file system. */

/** Longest file record, bytes: Windows makes them 1 or 4 KiB long. */
export const fileRecordBytesMax: number = 4096;

/** Longest block of a directory's index, bytes. Windows makes them 4 KiB or a cluster long. */
export const indexBlockBytesMax: number = 2 * 1024 * 1024;

/** Longest cluster, bytes: the largest that Windows makes. */
export const clusterBytesMax: number = 2 * 1024 * 1024;

/** Attributes of one file in all its records: 1024 names and the pieces of its streams. */
export const attributesMax: number = 64 * 1024;

/** Longest attribute list, bytes: what Windows keeps in its cache as one piece. */
export const attributeListBytesMax: number = 256 * 1024;

/** Runs of one stream. An attribute list of 256 KiB has room for about 1.5 million. */
export const runsMax: number = 2 * 1024 * 1024;

/** Depth of an index; with 2 KiB blocks and 255-character names, 2^48 files take 24 levels. */
export const indexDepthMax: number = 32;

/** Longest compression unit, bytes: 16 clusters of 64 KiB. Windows compresses only with clusters up to 4 KiB. */
export const compressionUnitBytesMax: number = 1024 * 1024;

/** Longest reparse point, bytes, as Windows has it. */
export const reparseBytesMax: number = 16 * 1024;

/** Longest security descriptor with its header, bytes: Windows lets lists of access rights grow to 64 KiB. */
export const securityDescriptorBytesMax: number = 256 * 1024;

/** Clusters of a volume whose owners are compared when it is checked: a bit each, so 64 MiB; 2 TiB of the usual clusters. */
export const claimedClustersMax: number = 512 * 1024 * 1024;

/** File records whose sequence numbers are kept when a volume is checked: four bytes each, so 64 MiB. */
export const checkedRecordsMax: number = 16 * 1024 * 1024;

/** Files below $Extend: those of the file system itself. There are about a dozen. */
export const systemFilesMax: number = 4096;
