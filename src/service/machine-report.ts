import type { DiskActivity } from './disk-report.ts';

/** An order to protect a running guest from outside. */
export interface GuestOrder {
  /** What the machine is called here. */
  readonly machine: string;
  /** Absolute path of its QMP socket; either this or a domain. */
  readonly qmp?: string;
  /** Name of its libvirt domain. */
  readonly libvirtDomain?: string;
  /** Connection to libvirt; "qemu:///system" when left out. */
  readonly libvirtUri?: string;
  /** Names of drives, devices or nodes to protect; all writable disks when left out. */
  readonly disks?: readonly string[];
  /** Absolute path of its guest agent's socket; libvirt's own way to the agent when left out for a domain. */
  readonly guestAgent?: string;
  /** Time between points, milliseconds; 1000 when left out. */
  readonly windowMs?: number;
  /** Absolute path of the folder in which QEMU and the server meet; one in the data folder, or libvirt's, when left out. */
  readonly socketFolder?: string;
}

/** One machine, as the list shows it. */
export interface MachineReport {
  /** Its name. */
  readonly machine: string;
  /** Name of the server it is: that of the first of the machines that are linked. */
  readonly server: string;
  /** How the guest is reached; left out when it is not protected from outside. */
  readonly guest?: string;
  /** How its agent is reached, or what the agent that sends its commits is doing; left out when it has none. */
  readonly agent?: string;
  /** When the agent that sends its commits was last connected, ISO 8601. */
  readonly lastHeard?: string;
  /** How far the newest point of such an agent lies behind now, milliseconds. */
  readonly lagMs?: number;
  /** The least good thing that any of its disks is doing. */
  readonly state: DiskActivity;
  /** What is wrong, in words. */
  readonly reason?: string;
  /** Names of its disks. */
  readonly disks: readonly string[];
}
