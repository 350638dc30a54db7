import type { CopiedFile } from '../../service/copy-report.ts';

/** What a tar archive says of a file beside its header. */
export interface PaxFacts {
  /** Path in the archive. */
  readonly path: Uint8Array;
  /** Path of a file before it that this is a further name of, or the target of a link. */
  readonly linkPath: Uint8Array | undefined;
  /** The file. */
  readonly file: CopiedFile;
}

const newline = 0x0a;

/**
 * Writes the records of a pax extended header: what the fields of a tar header are too short, too coarse or not there for. Extended
 * attributes and ACLs are written as GNU tar reads them, with their bytes as they are.
 * @param facts - see PaxFacts
 * @source POSIX.1-2017, pax, "pax Extended Header"; star(5), "SCHILY.xattr"
 */
export function paxRecords({ path, linkPath, file }: PaxFacts): Buffer {
  const text = (value: string | number): Uint8Array => Buffer.from(String(value));
  const streams = (file.streams ?? []).map(({ name, base64 }) => ({
    name: `user.${name}`,
    base64,
  }));
  const attributes = [...(file.attributes ?? []), ...streams];
  const records: (readonly [string, Uint8Array])[] = [
    ['path', path],
    ...(linkPath === undefined ? [] : [['linkpath', linkPath] as const]),
    ['mtime', text(secondsText(file.modifiedMicros))],
    ...(file.accessedMicros === undefined
      ? []
      : [['atime', text(secondsText(file.accessedMicros))] as const]),
    ['uid', text(file.uid ?? 0)],
    ['gid', text(file.gid ?? 0)],
    ...(file.kind === 'file' && linkPath === undefined
      ? [['size', text(file.sizeBytes)] as const]
      : []),
    ...attributes.map(
      ({ name, base64 }) => [`SCHILY.xattr.${name}`, Buffer.from(base64, 'base64')] as const,
    ),
  ];
  return Buffer.concat(records.map(([key, value]) => record(key, value)));
}

/** "LENGTH key=value\n", where the length counts its own digits. */
function record(key: string, value: Uint8Array): Buffer {
  // A name that ends its record early would say something of its own.
  const safeKey = key.replace(/[=\n\0]/g, '_');
  const rest = Buffer.concat([Buffer.from(` ${safeKey}=`), value, Buffer.of(newline)]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) {
    length = rest.length + String(length).length;
  }
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function secondsText(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  const rest = micros - seconds * 1_000_000;
  return rest === 0 ? String(seconds) : (micros / 1_000_000).toFixed(6);
}
