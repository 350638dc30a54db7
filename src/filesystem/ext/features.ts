/**
 * Features a file system may have, as bits of the superblock's three masks: whoever does not know a bit of `incompatible` may not read
 * it, of `readOnlyCompatible` may not write it, of `compatible` may do both.
 * @source kernel: fs/ext4/ext4.h, EXT4_FEATURE_*
 */

/** Bits that concern a reader, of the mask at 0x5c. */
export const compatible = {
  hasJournal: 0x4,
  hasDirectoryIndex: 0x20,
  hasSparseSuper2: 0x200,
  hasFastCommit: 0x400,
  hasOrphanFile: 0x1000,
} as const;

/** Bits of the mask at 0x60. */
export const incompatible = {
  isCompressed: 0x1,
  hasFileTypes: 0x2,
  needsRecovery: 0x4,
  isJournalDevice: 0x8,
  hasMetaGroups: 0x10,
  hasExtents: 0x40,
  is64Bit: 0x80,
  hasMountProtection: 0x100,
  hasFlexibleGroups: 0x200,
  hasAttributeInodes: 0x400,
  hasDirectoryData: 0x1000,
  hasChecksumSeed: 0x2000,
  hasLargeDirectories: 0x4000,
  hasInlineData: 0x8000,
  hasEncryption: 0x10000,
  hasCaseFolding: 0x20000,
} as const;

/** Bits that concern a reader, of the mask at 0x64. */
export const readOnlyCompatible = {
  hasSparseSuper: 0x1,
  hasLargeFiles: 0x2,
  hasHugeFiles: 0x8,
  hasDescriptorChecksums: 0x10,
  hasClusters: 0x200,
  hasMetadataChecksums: 0x400,
} as const;

const understood: number =
  incompatible.hasFileTypes |
  incompatible.needsRecovery |
  incompatible.hasMetaGroups |
  incompatible.hasExtents |
  incompatible.is64Bit |
  incompatible.hasMountProtection |
  incompatible.hasFlexibleGroups |
  incompatible.hasAttributeInodes |
  incompatible.hasChecksumSeed |
  incompatible.hasLargeDirectories |
  incompatible.hasInlineData |
  incompatible.hasEncryption |
  incompatible.hasCaseFolding;

/** What of each mask ext3 knew; ext2 knew all of it but the journal. */
const ext3Incompatible: number =
  incompatible.hasFileTypes | incompatible.needsRecovery | incompatible.hasMetaGroups;
const ext3ReadOnlyCompatible = 0x7;

/** The three masks. */
export interface FeatureMasks {
  /** Mask at 0x5c. */
  readonly compatible: number;
  /** Mask at 0x60. */
  readonly incompatible: number;
  /** Mask at 0x64. */
  readonly readOnlyCompatible: number;
}

/**
 * Which of its names a file system goes by: the oldest that knows all its features.
 * @param masks - see FeatureMasks
 */
export function kindOf(masks: FeatureMasks): 'ext2' | 'ext3' | 'ext4' {
  const isOld =
    (masks.incompatible & ~ext3Incompatible) === 0 &&
    (masks.readOnlyCompatible & ~ext3ReadOnlyCompatible) === 0;
  if (!isOld) return 'ext4';
  return (masks.compatible & compatible.hasJournal) === 0 ? 'ext2' : 'ext3';
}

/**
 * Why a file system cannot be read, if its features say so.
 * @param masks - see FeatureMasks
 * @returns the reason as the end of a sentence; undefined when every feature is understood
 */
export function whyUnreadable(masks: FeatureMasks): string | undefined {
  const { incompatible: mask } = masks;
  if ((mask & incompatible.isJournalDevice) !== 0) {
    return 'it is the journal of another file system';
  }
  if ((mask & incompatible.isCompressed) !== 0) return 'it is compressed by a patched ext2';
  if ((mask & incompatible.hasDirectoryData) !== 0)
    return 'its directories have the form of Lustre';
  const unknown = mask & ~understood;
  return unknown === 0 ? undefined : `it has features unknown here (0x${unknown.toString(16)})`;
}
