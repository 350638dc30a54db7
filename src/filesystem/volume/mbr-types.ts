/** Type bytes of MBR partitions in words, those that are still met. */
const words: ReadonlyMap<number, string> = new Map([
  [0x01, 'FAT12'],
  [0x04, 'FAT16, small'],
  [0x05, 'extended'],
  [0x06, 'FAT16'],
  [0x07, 'NTFS or exFAT'],
  [0x0b, 'FAT32'],
  [0x0c, 'FAT32, LBA'],
  [0x0e, 'FAT16, LBA'],
  [0x0f, 'extended, LBA'],
  [0x11, 'hidden FAT12'],
  [0x12, 'manufacturer’s recovery'],
  [0x14, 'hidden FAT16, small'],
  [0x16, 'hidden FAT16'],
  [0x17, 'hidden NTFS or exFAT'],
  [0x1b, 'hidden FAT32'],
  [0x1c, 'hidden FAT32, LBA'],
  [0x1e, 'hidden FAT16, LBA'],
  [0x27, 'Windows recovery'],
  [0x42, 'Windows dynamic disk'],
  [0x82, 'Linux swap or Solaris'],
  [0x83, 'Linux'],
  [0x84, 'hibernation'],
  [0x85, 'Linux extended'],
  [0x8e, 'Linux LVM'],
  [0xa5, 'FreeBSD'],
  [0xa6, 'OpenBSD'],
  [0xa8, 'Darwin UFS'],
  [0xa9, 'NetBSD'],
  [0xab, 'Darwin boot'],
  [0xaf, 'HFS or HFS+'],
  [0xbe, 'Solaris boot'],
  [0xbf, 'Solaris'],
  [0xda, 'data without a file system'],
  [0xde, 'Dell utility'],
  [0xea, 'Linux extended boot'],
  [0xeb, 'BeOS'],
  [0xee, 'GPT protective'],
  [0xef, 'EFI system'],
  [0xfb, 'VMware VMFS'],
  [0xfc, 'VMware swap'],
  [0xfd, 'Linux RAID autodetect'],
]);

/**
 * A partition's type in words.
 * @param typeCode - 0 to 255
 */
export function bootRecordType(typeCode: number): string {
  return words.get(typeCode) ?? `type 0x${typeCode.toString(16).padStart(2, '0')}`;
}
