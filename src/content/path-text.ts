/** What a link says. */
export interface LinkTarget {
  /** Whether it begins at the root. */
  readonly isAbsolute: boolean;
  readonly components: string[];
}

/** A path that begins with a drive letter, also as Windows writes it in reparse points: "\??\C:\Users". */
const drivePath = /^(?:\\\?\?\\|\\\\\?\\)?([A-Za-z]):(?:[\\/]|$)/;

/**
 * Takes a path apart. Windows' own form, "C:\Users", is understood where it begins with a drive letter.
 * @param path - hostile text
 * @returns components without empty ones and "."; ".." is kept
 */
export function pathComponents(path: string): string[] {
  const drive = drivePath.exec(path);
  if (drive === null) return meant(path.split('/'));
  const rest = path.slice(drive[0].length).split(/[\\/]/);
  return [`${drive[1]!.toUpperCase()}:`, ...meant(rest)];
}

/**
 * Takes the target of a symbolic link or junction apart.
 * @param target - as it is written there: hostile text
 */
export function linkComponents(target: string): LinkTarget {
  const isAbsolute = target.startsWith('/') || drivePath.test(target);
  if (!isAbsolute && target.includes('\\') && !target.includes('/')) {
    return { isAbsolute: target.startsWith('\\'), components: meant(target.split('\\')) };
  }
  return { isAbsolute, components: pathComponents(target) };
}

/**
 * Writes a path.
 * @param components - none for the root
 */
export function pathText(components: readonly string[]): string {
  return `/${components.join('/')}`;
}

function meant(components: readonly string[]): string[] {
  return components.filter((component) => component !== '' && component !== '.');
}
