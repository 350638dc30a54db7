/** Notices a chain that goes in a circle after at most three rounds, with no memory of where it was (Brent’s way). */
export class CircleWatch {
  #mark: number;
  #steps = 0;
  #stepsMax = 1;

  /** @param first - where the chain begins */
  constructor(first: number) {
    this.#mark = first;
  }

  /**
   * Takes one step.
   * @param next - where it leads
   * @returns whether the chain was there before
   */
  isCircle(next: number): boolean {
    if (next === this.#mark) return true;
    this.#steps += 1;
    if (this.#steps === this.#stepsMax) {
      this.#mark = next;
      this.#steps = 0;
      this.#stepsMax *= 2;
    }
    return false;
  }
}
