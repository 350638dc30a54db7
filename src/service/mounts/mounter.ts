/** What is mounted where. */
export interface MountRequest {
  /** Absolute path of an existing folder. */
  readonly folder: string;
  /** Descriptor of the open FUSE device; something must answer it soon after. */
  readonly descriptor: number;
  /** Shown as the mount's source. */
  readonly source: string;
}

/** Mounts and unmounts file systems; the way how is the system's own. */
export interface Mounter {
  /**
   * Mounts what answers on a FUSE device, read-only.
   * @throws IO_FAILED
   */
  mount(request: MountRequest): Promise<void>;
  /**
   * Unmounts.
   * @param folder - where it is mounted
   * @param isForced - also while programs use it: they get errors then
   * @throws IO_FAILED
   */
  unmount(folder: string, isForced: boolean): Promise<void>;
}
