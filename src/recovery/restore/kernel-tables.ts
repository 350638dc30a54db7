/** One line of /proc/self/mountinfo. */
export interface Mount {
  /** "MAJOR:MINOR" of the mounted device; major 0 where the file system has no device of its own. */
  readonly device: string;
  /** Folder it is mounted on. */
  readonly mountPoint: string;
  /** Device as it was named when it was mounted. */
  readonly source: string;
}

/**
 * Reads a mount table.
 * @param text - content of /proc/self/mountinfo
 * @source proc_pid_mountinfo(5): fields (3) device, (5) mount point, and behind the dash (10) source
 */
export function mountsIn(text: string): readonly Mount[] {
  return linesOf(text).flatMap((line) => {
    const [left = '', right = ''] = line.split(' - ');
    const [, , device, , mountPoint] = left.split(' ');
    if (device === undefined || mountPoint === undefined) return [];
    const source = right.split(' ')[1] ?? '';
    return [{ device, mountPoint: unescaped(mountPoint), source: unescaped(source) }];
  });
}

/**
 * Reads the list of swap areas.
 * @param text - content of /proc/swaps
 * @returns paths of files and devices
 * @source proc_swaps(5): a heading, then one line each that begins with the path
 */
export function swapsIn(text: string): readonly string[] {
  return linesOf(text)
    .slice(1)
    .map((line) => unescaped(line.split(/\s/)[0] ?? ''));
}

/** A lock that a process holds on a file. */
export interface FileLock {
  /** "MAJOR:MINOR:INODE", major and minor in decimal. */
  readonly file: string;
  /** Process that holds it; -1 for a lock of an open file description, as QEMU takes on its images. */
  readonly processId: number;
}

/**
 * Reads the list of file locks.
 * @param text - content of /proc/locks
 * @source proc_locks(5): number, kind, ADVISORY or MANDATORY, READ or WRITE, process, MAJOR:MINOR:INODE (hexadecimal major and minor)
 */
export function locksIn(text: string): readonly FileLock[] {
  return linesOf(text).flatMap((line) => {
    const match = / (-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /.exec(`${line} `);
    // Lines with an arrow tell of processes that wait for a lock.
    if (match === null || line.includes('->')) return [];
    const [, processId = '', major = '', minor = '', inode = ''] = match;
    const file = `${parseInt(major, 16)}:${parseInt(minor, 16)}:${inode}`;
    return [{ file, processId: Number(processId) }];
  });
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** Spaces, tabs, newlines and backslashes of paths stand there as a backslash and three octal digits. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_all, digits: string) =>
    String.fromCharCode(parseInt(digits, 8)),
  );
}
