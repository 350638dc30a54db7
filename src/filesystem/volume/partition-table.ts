/** One partition as its table describes it, not yet compared with the disk. */
export interface Partition {
  /** Its number as Linux counts: 1 to 4 primary, from 5 logical; in a GPT its entry's number from 1. */
  readonly number: number;
  /** Where it begins, bytes of the disk. */
  readonly startBytes: number;
  /** Its length, bytes, more than 0. */
  readonly lengthBytes: number;
  /** Its type in words. */
  readonly type: string;
  /** Its name; empty when it has none. */
  readonly label: string;
  /** As Linux shows it in /dev/disk/by-partuuid. */
  readonly partitionUuid: string;
  /** Why its content is beyond us, when its type alone says so. */
  readonly refusal?: string | undefined;
}

/** What the partition table of a disk says. */
export interface PartitionTable {
  /** In the order of their numbers. */
  readonly partitions: readonly Partition[];
  /** What a person should know about the table. */
  readonly notes: readonly string[];
}
