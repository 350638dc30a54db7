import type { Clock } from '../base/clock.ts';
import { SecondwindError } from '../base/errors.ts';
import { quiesceMsMax, thawAttemptsMax } from '../base/limits.ts';
import type { Logger } from '../base/log.ts';
import { withTimeLimit } from '../base/time-limit.ts';
import type { AgentAddress, AgentConnector, GuestAgent } from '../qemu/guest-agent.ts';
import type { CommitNote, CommitReceipt } from '../repository/index.ts';
import type { Catalogue } from './catalogue.ts';
import type { MachineCaptures } from './machine-captures.ts';

/** What making application-consistent points needs. */
export interface QuiescedPointsParts {
  /** Knows where agents are. */
  readonly catalogue: Catalogue;
  /** Make the points. */
  readonly captures: MachineCaptures;
  /** Connects to agents. */
  readonly connectAgent: AgentConnector;
  /** Measures how long a guest is held. */
  readonly clock: Clock;
  /** Hears when a guest could not be let go. */
  readonly log: Logger;
}

const thawPauseMs = 500;

/** Makes points at which the applications of a guest hold still: its agent freezes, we cut, it thaws, whatever happens. */
export class QuiescedPoints {
  readonly #parts: QuiescedPointsParts;

  /** @param parts - see QuiescedPointsParts */
  constructor(parts: QuiescedPointsParts) {
    this.#parts = parts;
  }

  /**
   * Makes a point.
   * @param machine - a protected guest with an agent
   * @param notes - marks that go with it
   * @returns when the point can be restored
   * @throws NOT_QUIESCED; NOT_CAPTURED when a disk is not whole now
   */
  async cut(machine: string, notes: readonly CommitNote[]): Promise<CommitReceipt> {
    const { connectAgent, captures } = this.#parts;
    const address = this.#agentOf(machine);
    const agent = await this.#quiesced(machine, connectAgent(address), 'its agent does not answer');
    let point: Promise<CommitReceipt | undefined> | undefined;
    try {
      await this.#quiesced(machine, agent.freeze(), 'freezing took too long');
      // The cut is made in this very turn; that it takes a while to store it need not hold the guest.
      point = captures.cutNow(machine, { notes, consistency: 'application' });
      void Promise.allSettled([point]);
    } finally {
      await this.#thaw(machine, agent, address);
    }
    const receipt = await point;
    if (receipt !== undefined) return receipt;
    throw new SecondwindError('NOT_CAPTURED', { machine, reason: 'it is not protected now' });
  }

  #agentOf(machine: string): AgentAddress {
    const row = this.#parts.catalogue.guests().find((guest) => guest.machine === machine);
    if (row?.agent !== undefined) return row.agent;
    const reason = 'no guest agent is known; protect it with --guest-agent';
    throw new SecondwindError('NOT_QUIESCED', { machine, reason });
  }

  async #quiesced<Answer>(machine: string, work: Promise<Answer>, late: string): Promise<Answer> {
    const { clock } = this.#parts;
    const failure = (reason: string, cause?: unknown): SecondwindError =>
      new SecondwindError('NOT_QUIESCED', { machine, reason }, cause);
    try {
      return await withTimeLimit(work, {
        clock,
        limitMs: quiesceMsMax,
        error: () => failure(late),
      });
    } catch (error) {
      throw failure(
        error instanceof Error ? error.message.replace(/\.$/, '') : String(error),
        error,
      );
    }
  }

  /** A freeze that is still under way is followed by the thaw on the same connection; else a new one is tried. */
  async #thaw(machine: string, agent: GuestAgent, address: AgentAddress): Promise<void> {
    const { connectAgent, clock, log } = this.#parts;
    let current: GuestAgent | undefined = agent;
    for (let attempt = 1; attempt <= thawAttemptsMax; attempt++) {
      try {
        current ??= await connectAgent(address);
        await current.thaw();
        return;
      } catch (error) {
        log.error('A guest could not be thawed yet', { machine, attempt, error });
        await clock.sleep(thawPauseMs);
      } finally {
        current?.close();
        current = undefined;
      }
    }
    const reason = 'the guest may still be frozen: run "fsfreeze --unfreeze" inside it';
    throw new SecondwindError('NOT_QUIESCED', { machine, reason });
  }
}
