import type { ServedFile } from '../../filesystem/served-tree.ts';
import type { BrowseParts } from './browse-parts.ts';
import { folderEntries, ListedFolder } from './listed-folder.ts';
import { shownAt, timesFolder } from './times-folder.ts';

/**
 * The root of what is mounted: machines, in each "latest", "bookmarks" and "times", and below those the files of the machine as it
 * stood.
 * @param parts - see BrowseParts
 */
export function machinesFolder(parts: BrowseParts): ListedFolder {
  const machines = (): string[] => [
    ...new Set(parts.repository.disks().map(({ name }) => name.machine)),
  ];
  return new ListedFolder({
    key: '/',
    isLive: true,
    modifiedMicros: parts.repository.lastMicros,
    list: async function* () {
      yield folderEntries(machines());
    },
    find: async (name) => (machines().includes(name) ? machineFolder(parts, name) : undefined),
  });
}

function machineFolder(parts: BrowseParts, machine: string): ListedFolder {
  const { repository } = parts;
  const below: Readonly<Record<string, () => Promise<ServedFile | undefined>>> = {
    latest: () => shownAt(parts, machine, Number.MAX_SAFE_INTEGER - 1),
    bookmarks: async () => bookmarksFolder(parts, machine),
    times: async () => timesFolder(parts, machine),
  };
  return new ListedFolder({
    key: machine,
    isLive: true,
    modifiedMicros: repository.lastMicros,
    list: async function* () {
      yield folderEntries(Object.keys(below));
    },
    find: async (name) => (Object.hasOwn(below, name) ? below[name]?.() : undefined),
  });
}

function bookmarksFolder(parts: BrowseParts, machine: string): ListedFolder {
  const { bookmarks, repository } = parts;
  return new ListedFolder({
    key: `${machine}/bookmarks`,
    isLive: true,
    modifiedMicros: repository.lastMicros,
    list: async function* () {
      yield folderEntries([...(await bookmarks.all(machine)).keys()]);
    },
    find: async (name) => {
      const micros = (await bookmarks.all(machine)).get(name);
      return micros === undefined ? undefined : shownAt(parts, machine, micros);
    },
  });
}
