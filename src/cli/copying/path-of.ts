/**
 * Writes the path of a copied file below its target, for people.
 * @param components - hostile names
 */
export function pathOf(components: readonly string[]): string {
  return components.join('/');
}
