import type { ServedFile } from '../filesystem/served-tree.ts';

/**
 * Entity tag of a file: its key, since a file as it stood never changes. What lives has a weak one.
 * @source RFC 9110, section 8.8.3
 * @param file - any
 */
export function entityTag(file: ServedFile): string {
  const text = `"${Buffer.from(file.key).toString('base64url')}"`;
  return file.isLive ? `W/${text}` : text;
}
