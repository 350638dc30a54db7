import { decodeName, encodeName } from '../filesystem/name-text.ts';
import { pathBytesMax, pathPartsMax } from './limits.ts';

/**
 * Takes the path of a request apart.
 * @param url - request target: "/db1/latest/some%20file"
 * @returns decoded names, none for the root; undefined for what no name can be: a NUL, "..", a broken escape, too long
 */
export function parseRequestPath(url: string): string[] | undefined {
  if (url.length > pathBytesMax || !url.startsWith('/')) return undefined;
  const parts = url
    .split('?', 1)[0]!
    .split('/')
    .filter((part) => part !== '');
  if (parts.length > pathPartsMax) return undefined;
  const names = parts.map(decodePart);
  return names.every(isName) ? names : undefined;
}

function isName(name: string | undefined): name is string {
  return name !== undefined && name !== '.' && name !== '..' && !/[\0/]/.test(name);
}

/** Undoes percent-encoding byte by byte, since a name may be no UTF-8. */
function decodePart(part: string): string | undefined {
  if (/%(?![0-9a-f]{2})/i.test(part)) return undefined;
  const latin1 = Buffer.from(part).toString('latin1');
  const bytes = latin1.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return decodeName(Buffer.from(bytes, 'latin1'));
}

/**
 * A path as it stands in an answer.
 * @param names - decoded names
 * @param isDirectory - whether it ends with "/"
 */
export function formatPath(names: readonly string[], isDirectory: boolean): string {
  const path = names.map((name) => `/${encodePart(name)}`).join('');
  return isDirectory ? `${path}/` : path;
}

function encodePart(name: string): string {
  return [...encodeName(name)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9._~-]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
