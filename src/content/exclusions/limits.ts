/** Paths that one disk may exclude. */
export const exclusionPathsMax = 100;

/** Longest path of a rule, UTF-16 units. */
export const exclusionPathLengthMax = 1024;

/** Folders of a volume that are kept in mind to match paths; a volume with more excludes no files. Some 200 bytes each. */
export const exclusionFoldersMax: number = 4 * 1024 * 1024;

/** Folders one in the other that are followed upwards; nobody makes paths so deep, but circles. */
export const exclusionDepthMax = 4096;
