import type { Random } from '../../src/base/random.ts';

/** Something that reads bytes from outside. */
export interface FuzzTarget {
  /** Kebab-case, as it is asked for on the command line. */
  readonly name: string;
  /** Sound inputs that are broken on purpose; each is accepted as it is. */
  readonly samples: readonly Buffer[];
  /**
   * Decodes. Faults of the input may be thrown as FormatFault or SecondwindError; whatever else is thrown is a defect. It
   * asserts what must hold for input that was accepted.
   * @param bytes - the input
   * @param random - for decisions of its own, such as how input is cut into pieces
   */
  readonly decode: (bytes: Buffer, random: Random) => void;
  /**
   * Makes the checksums of broken input right, in place, as an attacker would, so that what lies behind them is reached.
   * @param bytes - of any length
   */
  readonly repair?: (bytes: Buffer) => void;
  /** Memory that one input may take, bytes, where more than the usual is by design. */
  readonly allocationBytesMax?: number;
}
