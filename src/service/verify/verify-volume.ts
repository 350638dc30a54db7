import { isSecondwindError } from '../../base/errors.ts';
import { findingOf } from '../../filesystem/damage.ts';
import type { FileSystem, Finding } from '../../filesystem/file-system.ts';
import type { OpenedVolume } from '../open-volumes.ts';
import { volumeFindingsMax } from './limits.ts';
import { linesOf, type OutsideChecker, outsideCheckerOf } from './outside-checkers.ts';
import type { FindingReport, VolumeHealthReport } from './verify-report.ts';
import { useVolumeAsFile, type VolumeFileParts } from './volume-as-file.ts';

const reader = 'reader';

/** What is found in one volume, counted and cut. */
class Findings {
  readonly checkers: string[] = [];
  readonly #kept: FindingReport[] = [];
  #damageCount = 0;
  #count = 0;

  add(checker: string, finding: Finding): void {
    const { offsetBytes, severity, structure, reason } = finding;
    this.#count += 1;
    if (severity === 'damage') this.#damageCount += 1;
    if (this.#kept.length >= volumeFindingsMax) return;
    const place = offsetBytes === undefined ? {} : { offsetBytes };
    this.#kept.push({ severity, checker, structure, ...place, reason });
  }

  note(checker: string, reason: string): void {
    this.add(checker, { severity: 'note', structure: 'volume', reason });
  }

  report(volume: string, fileSystem: FileSystem | undefined): VolumeHealthReport {
    const isChecked = this.checkers.length > 0;
    const kind = fileSystem === undefined ? {} : { fileSystem: fileSystem.summary.kind };
    return {
      volume,
      ...kind,
      verdict: this.#damageCount > 0 ? 'damage' : isChecked ? 'clean' : 'unchecked',
      checkers: this.checkers,
      damageCount: this.#damageCount,
      findings: this.#kept,
      isCut: this.#count > this.#kept.length,
    };
  }
}

/**
 * Walks all structures of a volume with our own reader, then has the system's own program check it.
 * @param parts - how programs see it
 * @param opened - the volume
 * @param signal - ends it early
 * @throws INTERRUPTED; DAMAGED when the store itself is; IO_FAILED, NO_SPACE
 */
export async function verifyVolume(
  parts: VolumeFileParts,
  opened: OpenedVolume,
  signal: AbortSignal,
): Promise<VolumeHealthReport> {
  const findings = new Findings();
  const { fileSystem, refusal } = opened;
  for (const note of opened.volume.notes) findings.note(reader, note);
  if (fileSystem === undefined) addRefusal(findings, refusal);
  else {
    await walk(findings, fileSystem, signal);
    await askProgram({ parts, findings, fileSystem, opened, signal });
  }
  return findings.report(opened.volume.address, fileSystem);
}

/** A volume that is no file system known here is not damaged for that. */
function addRefusal(findings: Findings, refusal: OpenedVolume['refusal']): void {
  if (refusal?.code === 'FILE_SYSTEM_DAMAGED') {
    findings.add(reader, findingOf(refusal, 'file system'));
  } else {
    findings.note(reader, refusal?.message ?? 'it cannot be looked into');
  }
}

async function walk(
  findings: Findings,
  fileSystem: FileSystem,
  signal: AbortSignal,
): Promise<void> {
  for await (const finding of fileSystem.check()) {
    signal.throwIfAborted();
    findings.add(reader, excused(finding, fileSystem));
  }
  signal.throwIfAborted();
  findings.checkers.push(reader);
}

/** Without its journal a volume in use may contradict itself and be sound all the same: that is told, and not called damage. */
function excused(finding: Finding, { summary }: FileSystem): Finding {
  return summary.isUnclean === true ? { ...finding, severity: 'note' } : finding;
}

interface Asking {
  readonly parts: VolumeFileParts;
  readonly findings: Findings;
  readonly fileSystem: FileSystem;
  readonly opened: OpenedVolume;
  readonly signal: AbortSignal;
}

async function askProgram(asking: Asking): Promise<void> {
  const { parts, findings, fileSystem, opened } = asking;
  const checker = outsideCheckerOf(fileSystem.summary.kind);
  if (checker === undefined) return;
  try {
    await useVolumeAsFile(parts, opened.volume.disk, async (path) => {
      if (path === undefined) findings.note('nbdfuse', 'not checked by a program: it is missing');
      else await runSteps(asking, checker, path);
    });
  } catch (error) {
    // A program that cannot look says nothing about the volume.
    if (!isSecondwindError(error, 'IO_FAILED')) throw error;
    findings.note(checker.program, `not checked by it: ${error.message}`);
  }
}

async function runSteps(asking: Asking, checker: OutsideChecker, path: string): Promise<void> {
  const { parts, findings, fileSystem, signal } = asking;
  const { program, replay, check } = checker;
  for (const step of replay === undefined ? [check] : [replay, check]) {
    const end = await parts.programs.run(program, [...step.words, path], signal);
    signal.throwIfAborted();
    if (end.isMissing) {
      findings.note(program, 'not checked by it: it is missing');
      return;
    }
    if (end.exitCode === undefined) {
      findings.note(program, 'not checked by it to the end: it took too long');
      return;
    }
    if (step.ignoredJournal?.test(end.text) === true) {
      findings.note(program, 'not checked by it: the log is dirty, and not replayed here');
      return;
    }
    if (step.isClean(end)) continue;
    for (const reason of linesOf(step, end)) {
      const finding: Finding = { severity: 'damage', structure: 'volume', reason };
      findings.add(program, excused(finding, fileSystem));
    }
  }
  findings.checkers.push(program);
}
