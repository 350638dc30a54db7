import { timingSafeEqual } from 'node:crypto';
import type { Clock, Micros } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { codeSecretBytes, enrolmentProof } from '../format/enrolment.ts';

/** How long a code can be used, milliseconds. */
export const codeMsMax: number = 60 * 60 * 1000;

/** Wrong proofs in a minute from which on none is looked at. */
const failuresMax = 5;
const failuresMs = 60_000;

interface PendingCode {
  readonly secret: Uint8Array;
  readonly untilMs: number;
}

/** The codes that were given out and not used. They are kept in memory only: a restart voids them. */
export class EnrolmentCodes {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #pending = new Map<string, PendingCode>();
  #failuresMs: number[] = [];

  /**
   * @param clock - ends codes
   * @param random - makes them
   */
  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Makes a code for a machine; an earlier one is void.
   * @param machine - its name
   * @returns the secret, and until when it can be used
   */
  issue(machine: string): { readonly secret: Uint8Array; readonly untilMicros: Micros } {
    const secret = new Uint8Array(codeSecretBytes);
    this.#random.fill(secret);
    this.#pending.set(machine, { secret, untilMs: this.#clock.steadyMs() + codeMsMax });
    return { secret, untilMicros: this.#clock.nowMicros() + codeMsMax * 1000 };
  }

  /** Voids the code of a machine. @param machine - its name */
  void(machine: string): void {
    this.#pending.delete(machine);
  }

  /**
   * Finds the machine whose code a proof was made with, and uses the code up. Takes the same time whichever it is.
   * @param publicKey - the machine's
   * @param exported - keying material of the connection
   * @param proof - 32 bytes
   * @returns undefined when there is none, or too many were wrong lately
   */
  redeem(publicKey: Uint8Array, exported: Uint8Array, proof: Uint8Array): string | undefined {
    const nowMs = this.#clock.steadyMs();
    this.#failuresMs = this.#failuresMs.filter((atMs) => atMs > nowMs - failuresMs);
    if (this.#failuresMs.length >= failuresMax) return undefined;
    let found: string | undefined;
    for (const [machine, { secret, untilMs }] of this.#pending) {
      const isIt = timingSafeEqual(enrolmentProof(secret, publicKey, exported), proof);
      if (isIt && nowMs < untilMs) found = machine;
    }
    if (found === undefined) this.#failuresMs.push(nowMs);
    else this.#pending.delete(found);
    return found;
  }
}
