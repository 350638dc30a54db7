import { NameList } from '../index-tables/name-list.ts';

const firstCapacity = 64;

/** Names of the chunks that a commit refers to, and the numbers that the index has given them so far. */
export class CommitNames {
  readonly list: NameList = new NameList();
  #numbers = new Float64Array(firstCapacity);

  /** How many names there are. */
  get count(): number {
    return this.list.count;
  }

  /**
   * @param position - from 1
   * @returns the chunk's number in the index; 0 when it is not known
   */
  numberAt(position: number): number {
    return this.#numbers[position - 1] ?? 0;
  }

  /**
   * Notes a chunk's number in the index.
   * @param position - from 1, of a name that is in the list
   * @param number - from 1
   */
  setNumber(position: number, number: number): void {
    if (position > this.#numbers.length) {
      const larger = new Float64Array(Math.max(position, this.#numbers.length * 2));
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[position - 1] = number;
  }
}
