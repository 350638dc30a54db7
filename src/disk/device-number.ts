/**
 * Writes a device number as the kernel's files do, split as glibc's gnu_dev_major and gnu_dev_minor split it.
 * @param device - from a file's `dev` or `rdev`
 * @returns "MAJOR:MINOR"
 */
export function deviceNumber(device: number): string {
  const high = Math.floor(device / 2 ** 32);
  const low = device % 2 ** 32;
  const major = ((low >>> 8) & 0xfff) + Math.floor(high / 0x1000) * 0x1000;
  const minor = (low & 0xff) + ((low >>> 12) & 0xfff00) + (high & 0xfff) * 0x100000;
  return `${major}:${minor}`;
}
