import { SecondwindError } from '../base/errors.ts';
import { checkName } from '../base/names.ts';
import type { DiskSummary } from '../repository/index.ts';

/** Where files are looked for. */
export interface FilePlace {
  /** As it was asked for: "db1/root/2". */
  readonly text: string;
  /** The machine. */
  readonly machine: string;
  /** Its disks that are looked at, at least one. */
  readonly disks: readonly string[];
  /** Only this volume of them: "root/2", "vg0/home". */
  readonly volume: string | undefined;
}

/** Longest name of a place: machine, disk and volume, characters. */
const placeCharactersMax = 1024;

/**
 * Understands where files are looked for: MACHINE, MACHINE/DISK, MACHINE/DISK/PARTITION, MACHINE/GROUP/VOLUME or MACHINE/DISK/GROUP/VOLUME.
 * A disk wins over a volume group of the same name.
 * @param text - as people write it
 * @param known - disks with history
 * @throws USAGE, UNKNOWN_MACHINE, UNKNOWN_DISK
 */
export function findFilePlace(text: string, known: readonly DiskSummary[]): FilePlace {
  const [first = '', ...rest] = text.slice(0, placeCharactersMax).split('/');
  const machine = checkName('machine', first);
  const disks = known.map(({ name }) => name).filter((name) => name.machine === machine);
  const all = disks.map(({ disk }) => disk);
  if (all.length === 0) throw new SecondwindError('UNKNOWN_MACHINE', { machine });
  const [second, third] = rest;
  if (second === undefined) return { text, machine, disks: all, volume: undefined };
  if (all.includes(second)) {
    const volume =
      rest.length < 3 && third !== undefined ? `${second}/${third}` : rest.slice(1).join('/');
    return { text, machine, disks: [second], volume: volume === '' ? undefined : volume };
  }
  if (third === undefined) throw new SecondwindError('UNKNOWN_DISK', { machine, disk: second });
  return { text, machine, disks: all, volume: rest.join('/') };
}
