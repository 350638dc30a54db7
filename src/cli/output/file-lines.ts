import { formatBytes } from '../../base/units.ts';
import type { FileKindName, FileReport } from '../../service/file-report.ts';
import type { CommandSession } from '../command-session.ts';
import { shownName } from './shown-name.ts';
import { table } from './table.ts';

const kindLetters: Readonly<Record<FileKindName, string>> = {
  file: '-',
  directory: 'd',
  link: 'l',
  'block-device': 'b',
  'character-device': 'c',
  pipe: 'p',
  socket: 's',
  other: '?',
};

/**
 * Writes files as a long listing.
 * @param session - knows the zone
 * @param files - from a report
 */
export function fileTable(session: CommandSession, files: readonly FileReport[]): string {
  const columns = [
    { title: 'MODE' },
    { title: 'OWNER' },
    { title: 'SIZE', isRight: true },
    { title: 'MODIFIED' },
    { title: 'FLAGS' },
    { title: 'NAME' },
  ];
  const rows = files.map((file) => [
    modeText(file),
    file.uid === undefined ? '' : `${file.uid}:${file.gid ?? ''}`,
    sizeText(file),
    session.cell(file.modified),
    file.flags.join(','),
    nameText(file),
  ]);
  return table(columns, rows);
}

/** As "ls -l" writes it; of a file system without permissions only what it is. */
function modeText({ kind, mode }: FileReport): string {
  const letter = kindLetters[kind];
  if (mode === undefined) return letter;
  const bits = Array.from('rwxrwxrwx', (each, index) =>
    (mode & (0o400 >> index)) === 0 ? '-' : each,
  );
  if ((mode & 0o4000) !== 0) bits[2] = bits[2] === 'x' ? 's' : 'S';
  if ((mode & 0o2000) !== 0) bits[5] = bits[5] === 'x' ? 's' : 'S';
  if ((mode & 0o1000) !== 0) bits[8] = bits[8] === 'x' ? 't' : 'T';
  return letter + bits.join('');
}

function sizeText({ kind, sizeBytes, device }: FileReport): string {
  if (device !== undefined) return `${device.major},${device.minor}`;
  return kind === 'directory' ? '' : formatBytes(sizeBytes);
}

/** A directory ends with "/", as paths do. */
function nameText({ kind, name, target }: FileReport): string {
  const shown = shownName(name);
  if (kind === 'directory') return `${shown}/`;
  return target === undefined ? shown : `${shown} -> ${shownName(target)}`;
}
