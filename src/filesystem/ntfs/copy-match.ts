/**
 * Repeats what was written before; a match may reach into what it writes itself, so it goes byte by byte.
 * @param target - what is being decompressed
 * @param to - where the match begins
 * @param distance - how far back what it repeats lies, bytes
 * @param length - bytes
 * @returns where the match ends; −1 when it would begin before the target or end behind it
 */
export function copyMatch(
  target: Uint8Array,
  to: number,
  distance: number,
  length: number,
): number {
  if (distance < 1 || distance > to || to + length > target.length) return -1;
  const end = to + length;
  for (let at = to; at < end; at += 1) target[at] = target[at - distance]!;
  return end;
}
