import type { IsoMoment } from './moments.ts';

/** Where files are to be shown. */
export interface MountOrder {
  /** Absolute path of an existing folder. */
  readonly folder: string;
  /** IANA name of the zone in which times are written. */
  readonly timeZone: string;
}

/** A mount. */
export interface MountReport {
  /** Folder it is mounted on. */
  readonly folder: string;
  /** When it was mounted. */
  readonly since: IsoMoment;
}

/** Where files are to be served over WebDAV. */
export interface ShareOrder {
  /** "HOST:PORT"; the host is this machine itself, port 0 takes a free one. */
  readonly listen: string;
  /** IANA name of the zone in which times are written. */
  readonly timeZone: string;
}

/** A WebDAV endpoint. */
export interface ShareReport {
  /** "HOST:PORT". */
  readonly listen: string;
  /** Address for clients. */
  readonly url: string;
  /** When it was opened. */
  readonly since: IsoMoment;
}

/** A WebDAV endpoint that was just opened. */
export interface OpenedShareReport extends ShareReport {
  /** Opens it, with any user name; told this once only. */
  readonly password: string;
}
