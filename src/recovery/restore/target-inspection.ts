/** What a user may insist on, in the words of the command line: `--even-if mounted`. */
export type TargetOverride = 'mounted' | 'in-use' | 'wrong-size' | 'exists';

/** Somebody who uses a target or what lies on it. */
export interface TargetUse {
  /** `mounted`: a file system on it; `in-use`: swap, RAID, LVM, a loop device, a lock; `served`: we serve it ourselves. */
  readonly kind: 'mounted' | 'in-use' | 'served';
  /** Words for people: "it is mounted on /srv". */
  readonly text: string;
}

/** Which file or device a path led to, to recognise it when it is opened. */
export interface TargetIdentity {
  /** Device of the file system that holds it. */
  readonly dev: number;
  /** Inode. */
  readonly ino: number;
  /** Device number, where it is a device itself; 0 for files. */
  readonly rdev: number;
}

/** What stands at a path that a disk is to be restored to. Plain data, fit for JSON. */
export interface TargetInspection {
  /** Absolute path as asked for. */
  readonly path: string;
  /** Absolute path with every symbolic link followed. */
  readonly resolvedPath: string;
  /** What is there. */
  readonly kind: 'nothing' | 'file' | 'device';
  /** Size, bytes; 0 where nothing is. */
  readonly sizeBytes: number;
  /** What the path leads to; undefined where nothing is. */
  readonly identity: TargetIdentity | undefined;
  /** Who uses it. */
  readonly uses: readonly TargetUse[];
  /** Which restore was not finished here: "web/root as it stood at …"; undefined where none is marked. */
  readonly unfinished: string | undefined;
}

/** A file or device that this server reads or writes itself. */
export interface ServedFile {
  /** Path of it. */
  readonly path: string;
  /** What for, to complete "it is …": "the protected disk web/root". */
  readonly use: string;
}
