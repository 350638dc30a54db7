import type { AskedMoment, IsoMoment } from './moments.ts';

/** An order to open a disk as it stood at a moment. */
export interface ViewOrder {
  /** The machine. */
  readonly machine: string;
  /** The disk. */
  readonly disk: string;
  /** The moment. */
  readonly at: AskedMoment;
  /** Address to serve it at: "unix:PATH" or "HOST:PORT". */
  readonly listen: string;
  /** Whether it can be written, into an overlay. */
  readonly isWritable: boolean;
}

/** An open view. */
export interface ViewReport {
  /** Its name, to close it by: "view-1". Also the name of its NBD export. */
  readonly id: string;
  /** The machine. */
  readonly machine: string;
  /** The disk. */
  readonly disk: string;
  /** The moment that was asked for. */
  readonly asked: IsoMoment;
  /** The commit whose state it shows. */
  readonly point: IsoMoment;
  /** Address it is served at. */
  readonly listen: string;
  /** The same address as NBD clients write it: "nbd+unix:///?socket=PATH". */
  readonly uri: string;
  /** Size, bytes. */
  readonly sizeBytes: number;
  /** Whether it can be written. */
  readonly isWritable: boolean;
  /** Bytes written to it, in whole blocks; writable views only. */
  readonly writtenBytes?: number;
  /** What of it reads as zeroes because it was excluded, bytes; left out when nothing is. */
  readonly excludedBytes?: number;
  /** When it was opened. */
  readonly opened: IsoMoment;
  /** Clients connected now. */
  readonly clientCount: number;
  /** Why it is not served, in words; left out when it is. */
  readonly reason?: string;
}

/** How a view is closed. */
export interface ViewClosing {
  /** Absolute path that the whole disk with its overlay is written to first; left out: changes are thrown away. */
  readonly keepAs?: string;
}
