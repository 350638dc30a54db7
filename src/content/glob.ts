import { isSecondwindError } from '../base/errors.ts';
import { globMatchesMax } from '../base/limits.ts';
import { cannotLookInside, noSuchFile } from '../filesystem/refusals.ts';
import type { FileTree, TreePlace } from './file-tree.ts';
import { pathComponents } from './path-text.ts';
import { walkTree } from './walk-tree.ts';

/**
 * Finds what a path names that may hold "*", "?", "[a-z]" and, as a component of its own, "**" for any number of directories.
 * A file whose name is exactly that comes first. Links at the end are not followed.
 * @param tree - where
 * @param pattern - path, as people write it
 * @throws NO_SUCH_FILE when nothing matches; CANNOT_LOOK_INSIDE when too much does; NOT_A_DIRECTORY, FILE_SYSTEM_DAMAGED
 */
export async function findMatches(tree: FileTree, pattern: string): Promise<readonly TreePlace[]> {
  try {
    return [await tree.resolve(pattern, { isLinkWanted: true })];
  } catch (error) {
    const isMissing =
      isSecondwindError(error, 'NO_SUCH_FILE') || isSecondwindError(error, 'NOT_A_DIRECTORY');
    if (!isMissing || !isGlob(pattern)) throw error;
  }
  let places: TreePlace[] = [await tree.root()];
  const components = pathComponents(pattern);
  for (const [index, component] of components.entries()) {
    const isLast = index === components.length - 1;
    const next: TreePlace[] = [];
    for (const place of places) {
      for await (const match of matchesIn(tree, place, component)) {
        next.push(isLast ? match : await followed(tree, match));
        if (next.length > globMatchesMax) {
          throw cannotLookInside(pattern, `more than ${globMatchesMax} files match`);
        }
      }
    }
    places = isLast ? next : next.filter(({ status }) => status.kind === 'directory');
  }
  if (places.length === 0) throw noSuchFile({ path: pattern, where: tree.name });
  return places;
}

/**
 * Whether a name fits a pattern without "/", in time that grows only with the product of their lengths.
 * @param name - hostile text
 * @param pattern - "*" any characters, "?" one, "[a-z]" one of these, "[!a-z]" one of all others
 */
export function isMatch(name: string, pattern: string): boolean {
  const characters = Array.from(name);
  const parts = partsOf(pattern);
  let [at, part] = [0, 0];
  let [retryAt, retryPart] = [-1, -1];
  while (at < characters.length) {
    const wanted = parts[part];
    if (wanted === '*') {
      [retryAt, retryPart] = [at, part];
      part += 1;
    } else if (wanted !== undefined && wanted(characters[at]!)) {
      at += 1;
      part += 1;
    } else if (retryPart >= 0) {
      retryAt += 1;
      [at, part] = [retryAt, retryPart + 1];
    } else {
      return false;
    }
  }
  return parts.slice(part).every((rest) => rest === '*');
}

type Part = '*' | ((character: string) => boolean);

function partsOf(pattern: string): Part[] {
  const characters = Array.from(pattern);
  const parts: Part[] = [];
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at]!;
    const end = character === '[' ? characters.indexOf(']', at + 2) : -1;
    if (character === '*') {
      if (parts.at(-1) !== '*') parts.push('*');
    } else if (character === '?') {
      parts.push(() => true);
    } else if (end > 0) {
      parts.push(oneOf(characters.slice(at + 1, end)));
      at = end;
    } else {
      parts.push((other) => other === character);
    }
  }
  return parts;
}

function oneOf(characters: readonly string[]): (character: string) => boolean {
  const isOther = characters[0] === '!' || characters[0] === '^';
  const listed = isOther ? characters.slice(1) : characters;
  const ranges: (readonly [string, string])[] = [];
  for (let at = 0; at < listed.length; at += 1) {
    const isRange = listed[at + 1] === '-' && at + 2 < listed.length;
    ranges.push([listed[at]!, isRange ? listed[at + 2]! : listed[at]!]);
    if (isRange) at += 2;
  }
  return (character) =>
    isOther !== ranges.some(([first, last]) => first <= character && character <= last);
}

function isGlob(pattern: string): boolean {
  return /[*?[]/.test(pattern);
}

async function* matchesIn(
  tree: FileTree,
  place: TreePlace,
  component: string,
): AsyncGenerator<TreePlace> {
  if (component === '**') {
    yield place;
    for await (const batch of walkTree(tree, place, { onTrouble: () => undefined })) {
      for (const found of batch) if (found.place.status.kind === 'directory') yield found.place;
    }
  } else if (isGlob(component)) {
    const fold = isCaseIgnored(place)
      ? (text: string) => text.toLowerCase()
      : (text: string) => text;
    for await (const batch of tree.list(place, () => undefined)) {
      for (const entry of batch) {
        if (isMatch(fold(entry.name), fold(component))) yield tree.placeOf(place, entry);
      }
    }
  } else {
    const match = await tree.child(place, component, component).catch(missing);
    if (match !== undefined) yield match;
  }
}

/** A link on the way is followed; one that leads nowhere matches nothing. */
async function followed(tree: FileTree, place: TreePlace): Promise<TreePlace> {
  if (place.status.kind !== 'link') return place;
  return (await tree.follow(place).catch(missing)) ?? place;
}

function missing(error: unknown): undefined {
  const isMissing =
    isSecondwindError(error, 'NO_SUCH_FILE') ||
    isSecondwindError(error, 'NOT_A_DIRECTORY') ||
    isSecondwindError(error, 'CANNOT_LOOK_INSIDE');
  if (!isMissing) throw error;
}

function isCaseIgnored({ mount }: TreePlace): boolean {
  const kind = mount?.fileSystem.summary.kind ?? '';
  return /^(ntfs|fat|exfat)/.test(kind);
}
