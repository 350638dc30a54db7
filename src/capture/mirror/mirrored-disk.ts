import type { Clock } from '../../base/clock.ts';
import { SecondwindError } from '../../base/errors.ts';
import type { GuestDisk } from '../../qemu/guest-disks.ts';
import type { MachineCapture } from '../machine-capture.ts';
import { type MirroredSpan, MirroredSpans, prolong } from './mirrored-spans.ts';
import type { SourceReader } from './source-reader.ts';

/** One mirror of a disk, from the start of its job to its end. */
export interface MirrorLink {
  /** Name of the job and the node in QEMU. */
  readonly id: string;
  /** How long it is known to have copied everything. */
  readonly span: MirroredSpan;
  /** Whether it ended while the guest went on, as far as anybody knows. */
  hasFailed: boolean;
}

/** What a mirrored disk works with. */
export interface MirroredDiskParts {
  /** Name of the machine. */
  readonly machine: string;
  /** Its capture. */
  readonly capture: MachineCapture;
  /** Tells when. */
  readonly clock: Clock;
  /**
   * Waits for the end of the guest, for a short while.
   * @returns whether the guest has ended
   */
  readonly hasGuestEnded: () => Promise<boolean>;
}

/** A disk of a guest while it is protected: mirrored or not, and what is known of the times in which it was. */
export class MirroredDisk {
  /** The disk as the guest has it now. */
  guest: GuestDisk;
  /** The mirror that runs; undefined while there is none. */
  link: MirrorLink | undefined;
  /** Reads the image; undefined while the guest cannot be reached. */
  source: SourceReader | undefined;
  readonly #parts: MirroredDiskParts;
  readonly #spans = new MirroredSpans();
  #verdict: Promise<void> = Promise.resolve();

  /**
   * @param guest - the disk as the guest has it
   * @param parts - see MirroredDiskParts
   */
  constructor(guest: GuestDisk, parts: MirroredDiskParts) {
    this.guest = guest;
    this.#parts = parts;
  }

  /** What the backing of its tap reads from. @throws GUEST_UNREACHABLE */
  get image(): SourceReader {
    if (this.source !== undefined) return this.source;
    const guest = `${this.#parts.machine}/${this.guest.name}`;
    throw new SecondwindError('GUEST_UNREACHABLE', { guest, reason: 'it is away' });
  }

  /** Notes that a mirror runs now. @param id - of its job */
  begin(id: string): void {
    const { capture, clock } = this.#parts;
    this.link = { id, span: this.#spans.begin(clock.nowMicros()), hasFailed: false };
    capture.regainSight(this.guest.name);
  }

  /**
   * Notes that the mirror has ended, or may have. What was captured until now becomes a point of its own, and whether that
   * has everything is found out afterwards.
   * @param reason - why, in words for people
   */
  end(reason: string): void {
    this.#end(reason, async (link) => !link.hasFailed && (await this.#parts.hasGuestEnded()));
  }

  /**
   * Lets go of a mirror that runs. Its job can be ended once this has ended.
   * @param reason - why, in words for people
   * @param stillRuns - asks QEMU whether a job runs
   */
  async release(reason: string, stillRuns: (id: string) => Promise<boolean>): Promise<void> {
    this.#end(reason, ({ id }) => stillRuns(id));
    await this.#verdict;
  }

  /** Notes that the guest goes on without the mirror. @param reason - why, in words for people */
  fail(reason: string): void {
    if (this.link !== undefined) this.link.hasFailed = true;
    this.end(reason);
  }

  /**
   * Notes a moment at which the mirror was seen to run.
   * @param askedMicros - when QEMU was asked
   */
  seen(askedMicros: number): void {
    if (this.link !== undefined) prolong(this.link.span, askedMicros);
  }

  /**
   * Whether every write up to a moment was seen.
   * @param atMicros - the instant of a cut that was made already
   * @param look - asks QEMU anew which mirrors run, and notes what it says; tells whether there was an answer
   */
  async isSeen(atMicros: number, look: () => Promise<boolean>): Promise<boolean> {
    if (this.#spans.covers(atMicros)) return true;
    const { link } = this;
    if (link !== undefined && (await look()) && this.link === link) {
      // The clock may have been set back between the cut and the question; the order of the two is certain.
      return link.span.fromMicros <= atMicros;
    }
    await this.#verdict;
    return this.#spans.covers(atMicros);
  }

  /** A guest that has ended, and one whose mirror still runs, wrote nothing until then that was not copied. */
  #end(reason: string, hasAll: (link: MirrorLink) => Promise<boolean>): void {
    const { link } = this;
    const { capture, clock } = this.#parts;
    if (link === undefined) return;
    this.link = undefined;
    capture.loseSight(this.guest.name, { fromMicros: link.span.untilMicros, reason });
    const endedMicros = clock.nowMicros();
    this.#verdict = hasAll(link).then((isComplete) => {
      if (isComplete && !link.hasFailed) prolong(link.span, endedMicros);
    });
  }
}
