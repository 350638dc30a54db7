import { strict as assert } from 'node:assert';
import type { Micros } from '../../base/clock.ts';
import { SecondwindError } from '../../base/errors.ts';
import { blockBytes } from '../../base/limits.ts';
import { type CaptureFrame, CaptureFrames } from '../../format/capture-frames.ts';
import { FormatFault } from '../../format/format-fault.ts';
import { captureStreamVersion } from '../../format/write-capture.ts';
import type { ObservedChange } from '../observed-change.ts';
import type { KernelProgram, StartKernelProgram } from './kernel-program.ts';
import { heldBytesMax } from './limits.ts';

/** Hears of what the program tells. */
export interface KernelSessionListener {
  /**
   * Changes that no cut may part, in their order.
   * @param changes - by slot
   */
  changed(changes: ReadonlyMap<number, readonly ObservedChange[]>): void;
  /**
   * The program has ended.
   * @param reason - why, in words for people
   */
  ended(reason: string): void;
}

interface Question {
  readonly resolve: (sizeBytes: number) => void;
  readonly reject: (error: unknown) => void;
}

/** One run of the program: asks it, and understands what it tells. */
export class KernelSession {
  readonly #program: KernelProgram;
  readonly #listener: KernelSessionListener;
  readonly #frames = new CaptureFrames();
  /** By "added 3", "removed 3", "settled 17". */
  readonly #questions = new Map<string, Question>();
  readonly #held = new Map<number, ObservedChange[]>();
  #isHeld = false;
  #heldBytes = 0;
  #lastTag = 0;
  #frameCount = 0;
  /** Time of the newest change, handed on or held. */
  #seenMicros = 0;
  #toldMonotonicMicros = 0;
  /** Wall clock minus monotonic clock, microseconds; undefined before the first tick. */
  #wallOffsetMicros: number | undefined;
  #endReason: string | undefined;

  /**
   * @param start - starts the program
   * @param devicePath - any block device that can be read now
   * @param listener - hears of what it tells
   */
  constructor(start: StartKernelProgram, devicePath: string, listener: KernelSessionListener) {
    this.#listener = listener;
    this.#program = start(devicePath, {
      received: (bytes) => this.#receive(bytes),
      ended: (reason) => this.#end(reason),
    });
  }

  /** Frames that have come. */
  get frameCount(): number {
    return this.#frameCount;
  }

  /** The moment up to which everything was told, by the wall clock; undefined before anything was. */
  get toldMicros(): Micros | undefined {
    if (this.#wallOffsetMicros === undefined) return undefined;
    return this.#toldMonotonicMicros + this.#wallOffsetMicros;
  }

  /**
   * Captures a disk.
   * @param slot - a free one
   * @param path - its device
   * @returns its size, bytes
   * @throws CAPTURE_UNAVAILABLE
   */
  add(slot: number, path: string): Promise<number> {
    assert(!path.includes('\n'), 'a path of two lines');
    return this.#ask(`added ${slot}`, `add ${slot} ${path}`);
  }

  /**
   * Captures a disk no longer.
   * @param slot - its slot, free when this ends
   * @throws CAPTURE_UNAVAILABLE
   */
  async remove(slot: number): Promise<void> {
    await this.#ask(`removed ${slot}`, `remove ${slot}`);
  }

  /**
   * Waits until everything that was written until now was told, and every change of a range that is under way has ended.
   * @param slot - the disk
   * @param offsetBytes - start of the range
   * @param lengthBytes - its length; 0: nothing needs to have ended
   * @throws CAPTURE_UNAVAILABLE
   */
  async settle(slot: number, offsetBytes: number, lengthBytes: number): Promise<void> {
    const tag = ++this.#lastTag;
    await this.#ask(`settled ${tag}`, `settle ${tag} ${slot} ${offsetBytes} ${lengthBytes}`);
  }

  /** Ends the program. */
  stop(): void {
    this.#program.stop();
  }

  #ask(name: string, command: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    if (this.#endReason !== undefined) return Promise.reject(unavailable(this.#endReason));
    this.#questions.set(name, { resolve, reject });
    this.#program.send(command);
    return promise;
  }

  #answer(name: string): Question | undefined {
    const question = this.#questions.get(name);
    this.#questions.delete(name);
    return question;
  }

  #receive(bytes: Uint8Array): void {
    if (this.#endReason !== undefined) return;
    try {
      for (const frame of this.#frames.push(bytes)) this.#take(frame);
    } catch (error) {
      if (!(error instanceof FormatFault)) throw error;
      this.#program.stop();
      this.#end(`its stream cannot be understood: ${error.message}`);
    }
  }

  #take(frame: CaptureFrame): void {
    const { kind, slot, tag, lengthBytes } = frame.head;
    this.#frameCount++;
    switch (kind) {
      case 'write':
      case 'zeroes':
      case 'lost':
        return this.#change(slot, frame);
      case 'hold':
        this.#isHeld = true;
        return;
      case 'release':
        return this.#release();
      case 'tick':
        return this.#tick(frame);
      case 'flush':
        return;
      case 'added':
        return this.#answer(`added ${slot}`)?.resolve(lengthBytes);
      case 'removed':
        return this.#answer(`removed ${slot}`)?.resolve(0);
      case 'settled':
        return this.#answer(`settled ${tag}`)?.resolve(0);
      case 'refused':
        return this.#answer(`added ${slot}`)?.reject(unavailable(textOf(frame.payload)));
      case 'hello':
        if (tag !== captureStreamVersion) throw new FormatFault('it is of another build', 40);
    }
  }

  #change(slot: number, frame: CaptureFrame): void {
    const change = changeOf(frame);
    this.#seenMicros = Math.max(this.#seenMicros, frame.head.timeMicros);
    if (!this.#isHeld) return this.#handOn(new Map([[slot, [change]]]));
    this.#heldBytes += frame.payload.length;
    if (this.#heldBytes > heldBytesMax) throw new FormatFault('a hold without end', 0);
    const before = this.#held.get(slot);
    if (before === undefined) this.#held.set(slot, [change]);
    else before.push(change);
  }

  #release(): void {
    this.#isHeld = false;
    this.#heldBytes = 0;
    const changes = new Map(this.#held);
    this.#held.clear();
    if (changes.size > 0) this.#handOn(changes);
  }

  /** Only afterwards may a cut bear the time of these changes. */
  #handOn(changes: ReadonlyMap<number, readonly ObservedChange[]>): void {
    this.#listener.changed(changes);
    this.#toldMonotonicMicros = Math.max(this.#toldMonotonicMicros, this.#seenMicros);
  }

  #tick({ head }: CaptureFrame): void {
    // What is held was not handed on yet.
    if (this.#isHeld) return;
    this.#toldMonotonicMicros = Math.max(this.#toldMonotonicMicros, head.timeMicros);
    this.#wallOffsetMicros = head.tag - head.timeMicros;
  }

  #end(reason: string): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = reason;
    for (const question of this.#questions.values()) question.reject(unavailable(reason));
    this.#questions.clear();
    this.#listener.ended(reason);
  }
}

function changeOf({ head, payload }: CaptureFrame): ObservedChange {
  const firstBlock = Math.floor(head.offsetBytes / blockBytes);
  if (head.kind === 'write') return { kind: 'data', firstBlock, data: payload };
  const endBlock = Math.ceil((head.offsetBytes + head.lengthBytes) / blockBytes);
  return { kind: head.kind === 'zeroes' ? 'zeroes' : 'unknown', firstBlock, endBlock };
}

function textOf(payload: Uint8Array): string {
  return new TextDecoder().decode(payload);
}

function unavailable(reason: string): SecondwindError {
  return new SecondwindError('CAPTURE_UNAVAILABLE', { reason });
}
