/** A bell: whoever waits goes on at the next ring; a ring with nobody waiting is kept for the next one. */
export class Wake {
  #isRung = false;
  #resolve: (() => void) | undefined;

  /** Rings. */
  ring(): void {
    this.#isRung = true;
    this.#resolve?.();
  }

  /** Waits for a ring since the last wait; one caller at a time. */
  async wait(): Promise<void> {
    if (!this.#isRung) {
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
      });
    }
    this.#isRung = false;
    this.#resolve = undefined;
  }
}
