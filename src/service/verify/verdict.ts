import type { Verdict } from './verify-report.ts';

/**
 * What a check of several volumes came to: damage if any has some, clean if any was looked at.
 * @param volumes - with what each came to
 */
export function verdictOf(volumes: readonly { readonly verdict: Verdict }[]): Verdict {
  const verdicts = volumes.map(({ verdict }) => verdict);
  if (verdicts.includes('damage')) return 'damage';
  return verdicts.includes('clean') ? 'clean' : 'unchecked';
}
