/** Folders of a volume that are kept in mind to match paths; on a volume with more nothing is excluded. Some 200 bytes each. */
export const exclusionFoldersMax: number = 4 * 1024 * 1024;

/** Folders one in the other that are followed upwards; nobody makes paths so deep, but circles. */
export const exclusionDepthMax = 4096;
