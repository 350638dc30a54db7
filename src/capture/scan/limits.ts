/** Extents of excluded blocks in one commit of a scan: 14 bytes of its record each. */
export const scanExcludedExtentsMax: number = 256 * 1024;
