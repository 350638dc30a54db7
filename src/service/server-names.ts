import type { LinkRow } from './catalogue-row.ts';

/**
 * Finds out which machines are one server: those that are linked, directly or by others.
 * @param machines - all of them
 * @param links - in any order; those of machines that are not there count all the same
 * @returns for each machine the name of its server: that of the first machine of it, in order of name
 */
export function serverNames(
  machines: readonly string[],
  links: readonly LinkRow[],
): ReadonlyMap<string, string> {
  const names = new Map(machines.map((machine) => [machine, machine]));
  for (const { machine, other } of links) {
    const left = names.get(machine) ?? machine;
    const right = names.get(other) ?? other;
    const [kept, gone] = left < right ? [left, right] : [right, left];
    for (const name of [...names.keys(), machine, other]) {
      if ((names.get(name) ?? name) === gone) names.set(name, kept);
    }
  }
  return names;
}
