import type { Micros } from '../base/clock.ts';
import type { ExclusionRules } from '../content/exclusions/exclusion-rules.ts';
import type { AgentAddress } from '../qemu/guest-agent.ts';
import type { GuestAddress } from '../qemu/guest-monitor.ts';
import type { SourceKind } from './disk-report.ts';
import type { ExclusionFindings } from './exclusion-report.ts';
import type { VerifyReport } from './verify/verify-report.ts';

/** A protected disk, as the catalogue keeps it. */
export interface DiskRow {
  /** Machine it belongs to. */
  readonly machine: string;
  /** Its own name. */
  readonly disk: string;
  /** Where its changes come from. */
  readonly source: Exclude<SourceKind, 'mirror'>;
  /** Absolute path of the backing or image. */
  readonly path: string;
  /** Address of the tap; empty for an image. */
  readonly listen: string;
  /** Time between cuts, milliseconds; 0 for an image. */
  readonly windowMs: number;
  /** Whether every flush makes a point. */
  readonly isCutAtFlush: boolean;
  /** Whether capturing is paused by order. */
  readonly isPaused: boolean;
}

/** The agent of a machine, as the catalogue keeps it. */
export interface AgentRow {
  /** Machine that it may append to. */
  readonly machine: string;
  /** SHA-256 of its certificate, 64 hexadecimal digits. */
  readonly fingerprint: string;
  readonly enrolledMicros: Micros;
  /** 0: it is not revoked. */
  readonly revokedMicros: Micros;
  /** When it was last connected; 0: never. */
  readonly heardMicros: Micros;
}

/** An open view, as the catalogue keeps it. */
export interface ViewRow {
  /** Its name. */
  readonly id: string;
  /** Machine of the disk. */
  readonly machine: string;
  /** The disk. */
  readonly disk: string;
  /** Moment that was asked for. */
  readonly askedMicros: Micros;
  /** Address it is served at. */
  readonly listen: string;
  /** Whether it has an overlay. */
  readonly isWritable: boolean;
  /** When it was opened. */
  readonly openedMicros: Micros;
}

/** A guest that is protected from outside, as the catalogue keeps it. */
export interface GuestRow {
  /** Name of the machine. */
  readonly machine: string;
  /** Where its monitor is. */
  readonly address: GuestAddress;
  /** Where its agent is; undefined: it has none. */
  readonly agent: AgentAddress | undefined;
  /** Names of the disks to protect; none: all. */
  readonly wanted: readonly string[];
  /** Names of the disks that are not mirrored for now, by order. */
  readonly paused: readonly string[];
  /** Time between cuts, milliseconds. */
  readonly windowMs: number;
  /** Absolute path of the folder for the sockets between QEMU and us; empty: one of ours. */
  readonly socketFolder: string;
  /** Six characters that tell what we leave in its QEMU from what others do. */
  readonly token: string;
}

/** Two machines that are one server, seen from outside and from inside. */
export interface LinkRow {
  /** One. */
  readonly machine: string;
  /** The other. */
  readonly other: string;
}

/** Which health checks run by themselves, and when the last one did, as the catalogue keeps it. */
export interface HealthScheduleRow {
  /** What is checked: "db1", "db1/root". */
  readonly place: string;
  /** How often; of a later version it may be a word that is not known here. */
  readonly rhythm: string;
  /** When the last check ended; 0: there was none yet. */
  readonly triedMicros: Micros;
  /** The point that it looked at; 0: none. */
  readonly triedPointMicros: Micros;
  /** Why it could not look; empty: it could. */
  readonly failure: string;
}

/** What a health check came to, as the catalogue keeps it. */
export interface VerificationRow {
  /** The machine. */
  readonly machine: string;
  /** What of it was looked at, as it was asked for: "db1", "db1/root/2". */
  readonly place: string;
  /** The newest commit that was looked at. */
  readonly pointMicros: Micros;
  /** When it was looked at. */
  readonly verifiedMicros: Micros;
  /** The whole result. */
  readonly report: VerifyReport;
}

/** What of a disk is not to be stored, as the catalogue keeps it. It stays when nothing is excluded any more: older points still lack it. */
export interface ExclusionRow {
  /** Machine of the disk. */
  readonly machine: string;
  /** The disk. */
  readonly disk: string;
  readonly rules: ExclusionRules;
  /** When the rules were given. */
  readonly sinceMicros: Micros;
  /** What the last scan by these rules left out. */
  readonly found?: ExclusionFindings;
}
