import type { ReadableDisk } from '../disk/disk.ts';

/** One disk of a machine, by its name. */
export interface NamedDisk {
  /** Name within the machine: "sda". */
  readonly name: string;
  /** Its bytes; stays the caller's to close. */
  readonly disk: ReadableDisk;
}

/** Where on the disks a stripe of a span begins. */
export interface StripePlace {
  /** Name of the disk. */
  readonly disk: string;
  /** Offset on that disk, bytes. */
  readonly offsetBytes: number;
}

/** A span of a volume and where it lies. With one stripe it lies there in one piece; with more, units of `stripeBytes` go round. */
export interface VolumeSpan {
  /** Start in the volume, bytes; the spans of a volume follow each other without gaps. */
  readonly startBytes: number;
  /** Length, bytes, more than 0. */
  readonly lengthBytes: number;
  /** Unit that goes to one stripe before the next one is used, bytes; as long as the span when there is one stripe. */
  readonly stripeBytes: number;
  /** At least one. */
  readonly stripes: readonly StripePlace[];
}

/** A part of a machine's disks that may hold a file system. */
export interface Volume {
  /**
   * How it is addressed behind the machine's name: "sda/2" a partition, "vg/lv" a logical volume, "sda" a disk without partitions.
   * Partitions come before logical volumes in every list, so a group named like a disk hides none of them.
   */
  readonly address: string;
  /** What it is. */
  readonly kind: 'partition' | 'logical-volume' | 'disk';
  /** Size, bytes. */
  readonly sizeBytes: number;
  /** What its table says of it, in words: "EFI system", "Linux", "LVM logical volume, striped". */
  readonly type: string;
  /** Name that its partition table gives it; empty when none. What its file system is called is that one's to say. */
  readonly label: string;
  /** As Linux shows it in /dev/disk/by-partuuid; of a logical volume its UUID with hyphens; empty when none. */
  readonly partitionUuid: string;
  /** Where it lies, in the order of the volume; empty when it cannot be read. */
  readonly spans: readonly VolumeSpan[];
  /** Its bytes; of size 0 when they cannot be had. The disks below stay the caller's. */
  readonly disk: ReadableDisk;
  /** Whether it is a physical volume of LVM, in which logical ones of the same list lie. Left out: no. */
  readonly isMember?: boolean;
  /** What a person should know: "it overlaps partition 2". */
  readonly notes: readonly string[];
  /** Why nobody can look inside, as a sentence without its end: "it is encrypted with LUKS 2"; undefined when one may try. */
  readonly refusal?: string | undefined;
}
