import { isMatch } from '../glob.ts';
import { pathComponents } from '../path-text.ts';

/** How far the patterns have come on the way to a folder; "all" when everything in it matches. */
export type MatchState = 'all' | readonly number[];

/**
 * Matches paths with many patterns at once, component by component, so that a folder's part is worked out once for all that is in it.
 * A pattern that matches a folder matches all in it.
 */
export class PathMatcher {
  /** Where every path begins. */
  readonly start: MatchState;
  readonly #isCaseIgnored: boolean;
  /** Components of all patterns one after the other, each followed by an end. */
  readonly #components: (string | undefined)[] = [];

  /**
   * @param patterns - as people write them; one without "/" is for a name in any folder
   * @param isCaseIgnored - whether the file system ignores case
   */
  constructor(patterns: readonly string[], isCaseIgnored: boolean) {
    this.#isCaseIgnored = isCaseIgnored;
    const starts: number[] = [];
    for (const pattern of patterns) {
      starts.push(this.#components.length);
      const components = pathComponents(pattern);
      if (!/[/\\]/.test(pattern)) this.#components.push('**');
      // "folder/**" is what lies in the folder, and not a file of that name.
      if (components.at(-1) === '**') components.push('*');
      this.#components.push(...components.map((text) => this.#folded(text)), undefined);
    }
    this.start = this.#settled(starts);
  }

  /**
   * Goes one name further.
   * @param state - of the folder
   * @param name - in it: hostile text
   * @returns the state of what has that name; a file is matched when it is "all"
   */
  next(state: MatchState, name: string): MatchState {
    if (state === 'all' || state.length === 0) return state;
    const folded = this.#folded(name);
    const reached: number[] = [];
    for (const position of state) {
      const component = this.#components[position]!;
      if (component === '**') reached.push(position);
      else if (isMatch(folded, component)) reached.push(position + 1);
    }
    return this.#settled(reached);
  }

  /**
   * The state of a folder that can be reached by several paths.
   * @param states - one for each path
   */
  either(states: readonly MatchState[]): MatchState {
    const positions: number[] = [];
    for (const state of states) {
      if (state === 'all') return 'all';
      positions.push(...state);
    }
    return this.#settled(positions);
  }

  /** What is at "**" may also be behind it; what has reached an end matches with all that is below. */
  #settled(positions: readonly number[]): MatchState {
    const settled = new Set(positions);
    for (const position of settled) {
      const component = this.#components[position];
      if (component === undefined) return 'all';
      if (component === '**') settled.add(position + 1);
    }
    return [...settled];
  }

  #folded(text: string): string {
    return this.#isCaseIgnored ? text.toLowerCase() : text;
  }
}
