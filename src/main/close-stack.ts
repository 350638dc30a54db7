/** What must be closed at the end, newest first; all of it, even when one part fails. */
export class CloseStack {
  readonly #closings: (() => void | Promise<void>)[] = [];

  /**
   * Adds a part.
   * @param close - ends it
   */
  push(close: () => void | Promise<void>): void {
    this.#closings.push(close);
  }

  /**
   * Closes everything that was added.
   * @throws the first error, after all were closed
   */
  async closeAll(): Promise<void> {
    const errors: unknown[] = [];
    for (let close = this.#closings.pop(); close !== undefined; close = this.#closings.pop()) {
      try {
        await close();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
