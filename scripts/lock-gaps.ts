/** What the lock file says of one package; the rest of its fields do not matter here. */
export interface LockedPackage {
  /** Exact version. */
  readonly version?: string;
  /** Whether only development needs it. */
  readonly dev?: boolean;
  /** Packages that are installed where they fit, by name; those for other machines among them. */
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** A package that the lock must name and does not. */
export interface LockGap {
  /** Place in the lock: "node_modules/NAME". */
  readonly path: string;
  /** Exact version. */
  readonly version: string;
  /** Whether only development needs it. */
  readonly isDev: boolean;
}

/**
 * Finds the packages for other kinds of machines that are missing in a lock. npm leaves out those that the registry at
 * hand does not carry, and `npm ci` then refuses the lock: here because they are named, elsewhere because they are there.
 * @param packages - the field of that name in package-lock.json
 */
export function lockGaps(packages: Readonly<Record<string, LockedPackage>>): LockGap[] {
  const gaps = Object.entries(packages).flatMap(([owner, locked]) =>
    Object.entries(locked.optionalDependencies ?? {})
      .filter(([name]) => !places(owner, name).some((place) => place in packages))
      .map(([name, version]) => ({
        path: `node_modules/${name}`,
        version,
        isDev: locked.dev === true,
      })),
  );
  return gaps.filter((gap, index) => gaps.findIndex(({ path }) => path === gap.path) === index);
}

/** Where a package may lie that is needed by the one at `owner`: beside it or nearer to the root. */
function places(owner: string, name: string): string[] {
  const found: string[] = [];
  for (let folder = owner; ; folder = folder.slice(0, folder.lastIndexOf('/node_modules/'))) {
    found.push(`${folder}/node_modules/${name}`);
    if (!folder.includes('/node_modules/')) break;
  }
  return [...found, `node_modules/${name}`];
}
