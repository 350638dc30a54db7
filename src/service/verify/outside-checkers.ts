import type { FileSystemKind } from '../../filesystem/file-system.ts';
import type { ProgramEnd } from './check-programs.ts';

/** A program that checks one kind of file system, and how its answer is read. */
export interface OutsideChecker {
  /** Its name. */
  readonly program: string;
  /** Run first, on an overlay: what a start of the system would do, replaying the journal. */
  readonly replay?: OutsideStep;
  /** The check itself; it changes nothing. */
  readonly check: OutsideStep;
}

/** One run of the program. */
export interface OutsideStep {
  /** Arguments before the file. */
  readonly words: readonly string[];
  /** Whether it says that all is well, or that it mended what only a crash left behind. */
  readonly isClean: (end: ProgramEnd) => boolean;
  /** Lines that are no findings. */
  readonly chatter: RegExp;
  /** Words by which it says that it did not look at what a journal would change, and found inconsistencies that may be none. */
  readonly ignoredJournal?: RegExp;
}

const endedWell = ({ exitCode }: ProgramEnd): boolean => exitCode === 0;

/**
 * e2fsck. Without a replay it takes for damage what the journal would mend, and a file that was removed while it was open.
 * In its preening run the words "clean," say that it only replayed the journal and looked at nothing else; when it had
 * to look further, because the system itself had noted errors, what it mended is told.
 */
const ext: OutsideChecker = {
  program: 'e2fsck',
  replay: {
    words: ['-p'],
    isClean: ({ exitCode = 8, text }) => exitCode === 0 || (exitCode <= 3 && /: clean,/.test(text)),
    chatter: /: recovering journal|\d+\/\d+ files|^e2fsck \d/,
  },
  check: {
    words: ['-fn'],
    isClean: endedWell,
    chatter: /^Pass \d|^e2fsck \d|\d+\/\d+ files|\? no$|still has errors|skipping journal recovery/,
  },
};

const fat: OutsideChecker = {
  program: 'fsck.fat',
  check: { words: ['-n'], isClean: endedWell, chatter: /^fsck\.fat |^Leaving|^\*\*\*|\d+ files, / },
};

const checkers: Readonly<Partial<Record<FileSystemKind, OutsideChecker>>> = {
  ext2: { program: ext.program, check: ext.check },
  ext3: ext,
  ext4: ext,
  xfs: {
    program: 'xfs_repair',
    check: {
      words: ['-n', '-f'],
      isClean: endedWell,
      chatter: /^Phase|^ +- |^No modify|host filesystem|^Repair may fail|^the image and/,
      ignoredJournal: /valuable metadata changes in a log/,
    },
  },
  ntfs: {
    program: 'ntfsfix',
    check: { words: ['-n'], isClean: endedWell, chatter: /OK$|successfully\.$|volume version/ },
  },
  btrfs: {
    program: 'btrfs',
    check: {
      words: ['check', '--readonly'],
      isClean: endedWell,
      chatter:
        /^\[\d|^Opening|^Checking|^UUID|^total|^ referenced|bytes (?:used|allocated|waste)|^file data/,
    },
  },
  fat12: fat,
  fat16: fat,
  fat32: fat,
  exfat: {
    program: 'fsck.exfat',
    check: { words: ['-n'], isClean: endedWell, chatter: /^exfatprogs|directories \d/ },
  },
};

/**
 * Finds the program that checks a kind of file system.
 * @param kind - of file system
 * @returns undefined when there is none
 */
export function outsideCheckerOf(kind: FileSystemKind): OutsideChecker | undefined {
  return checkers[kind];
}

/**
 * What a program found, a finding a line.
 * @param step - its run
 * @param end - how it ended
 */
export function linesOf(step: OutsideStep, end: ProgramEnd): readonly string[] {
  const lines = end.text.split('\n').map((line) => line.trimEnd());
  const found = lines.filter((line) => line !== '' && !step.chatter.test(line));
  return found.length > 0 ? found : [`it ended with exit code ${String(end.exitCode)}`];
}
