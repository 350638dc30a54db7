/** What one kind of error means to a person, to an HTTP client and to a shell script. */
export interface ErrorDefinition {
  /** Sentence with `{field}` placeholders, filled from the error's data: what happened and what it means. */
  readonly message: string;
  /** One sentence that says what to do next; may hold placeholders too. */
  readonly advice: string;
  /** HTTP status the API answers with. */
  readonly httpStatus: number;
  /** Process exit code of the command line; the list stands in docs/errors.md. */
  readonly exitCode: number;
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
}

/**
 * Every error the product can show, in one place, so that codes, exit codes and documentation cannot drift apart.
 * Exit codes: 1 our own fault, 2 wrong call, 3 not found, 4 refused for safety, 5 in use, 6 wrong key,
 * 7 damage found, 8 input, output or space, 9 server not reachable, 10 no such point in time, 130 interrupted.
 */
export const errorTable = {
  INTERNAL: {
    message: 'Something went wrong inside Secondwind: {reason}.',
    advice: 'Nothing that was reported stored is affected; please report this with the log.',
    httpStatus: 500,
    exitCode: 1,
    retryable: false,
  },
  USAGE: {
    message: '{reason}.',
    advice: 'Run the command with --help to see its words and examples.',
    httpStatus: 400,
    exitCode: 2,
    retryable: false,
  },
  TIME_NOT_UNDERSTOOD: {
    message: 'The time "{text}" is not understood: {reason}.',
    advice:
      'Write it like "14:05:09", "yesterday 9am", "10 minutes ago" or "2026-11-21T14:05:09+01:00".',
    httpStatus: 400,
    exitCode: 2,
    retryable: false,
  },
  UNKNOWN_MACHINE: {
    message: 'There is no machine named "{machine}" here.',
    advice: 'Run "secondwind disk list" to see what is protected.',
    httpStatus: 404,
    exitCode: 3,
    retryable: false,
  },
  UNKNOWN_DISK: {
    message: 'Machine "{machine}" has no disk named "{disk}".',
    advice: 'Run "secondwind disk list" to see what is protected.',
    httpStatus: 404,
    exitCode: 3,
    retryable: false,
  },
  NOT_FOUND: {
    message: 'There is no {what} "{name}".',
    advice: 'Check the name; the matching list command shows what there is.',
    httpStatus: 404,
    exitCode: 3,
    retryable: false,
  },
  ALREADY_EXISTS: {
    message: 'There is already a {what} "{name}".',
    advice: 'Choose another name, or remove the old one first.',
    httpStatus: 409,
    exitCode: 4,
    retryable: false,
  },
  NO_POINT_YET: {
    message: '{disk} has no point at or before {asked}: the first one is {first}.',
    advice: 'Ask for {first} or later.',
    httpStatus: 404,
    exitCode: 10,
    retryable: false,
  },
  POINT_IN_GAP: {
    message:
      '{disk} was not captured completely at {asked}: there is a gap from {gapStart} to {gapEnd}.',
    advice: 'The nearest whole points are {before} and {after}; ask for one of them.',
    httpStatus: 409,
    exitCode: 10,
    retryable: false,
  },
  TIME_IN_FUTURE: {
    message: '{asked} is later than the newest point of {disk}, which is {last}.',
    advice: 'Ask for {last} or earlier, or say "now".',
    httpStatus: 404,
    exitCode: 10,
    retryable: true,
  },
  REFUSED: {
    message: 'Refused for safety: {reason}.',
    advice: 'If that is what you want, say so with {option}.',
    httpStatus: 409,
    exitCode: 4,
    retryable: false,
  },
  IN_USE: {
    message: '{what} is in use: {reason}.',
    advice: 'End the other user first; nothing was changed.',
    httpStatus: 423,
    exitCode: 5,
    retryable: true,
  },
  NOT_CAPTURED: {
    message: 'Machine "{machine}" cannot be given a point now: {reason}.',
    advice: 'Run "secondwind status" to see what capture is doing, and ask again when it is done.',
    httpStatus: 409,
    exitCode: 10,
    retryable: true,
  },
  GUEST_UNREACHABLE: {
    message: 'The guest {guest} cannot be reached: {reason}.',
    advice:
      'Check that it runs, and that no other program uses its monitor; protection comes back by itself.',
    httpStatus: 503,
    exitCode: 9,
    retryable: true,
  },
  GUEST_REFUSED: {
    message: 'The guest {guest} refused "{command}": {reason}.',
    advice:
      'The guest itself goes on; see docs/protect-qemu.md for what its QEMU must be able to do.',
    httpStatus: 409,
    exitCode: 5,
    retryable: false,
  },
  UNSEEN_WRITES: {
    message: 'The guest may have written to {disk} without our seeing it: {reason}.',
    advice:
      'The disk is compared as soon as the guest is mirrored again; its timeline shows a gap.',
    httpStatus: 409,
    exitCode: 10,
    retryable: false,
  },
  CAPTURE_UNAVAILABLE: {
    message: 'Writes to the device cannot be captured: {reason}.',
    advice:
      'Capturing devices needs root, Linux 5.17 or newer on x86-64 with /sys/kernel/btf/vmlinux, and the program that scripts/native.sh builds.',
    httpStatus: 503,
    exitCode: 8,
    retryable: true,
  },
  NOT_QUIESCED: {
    message: 'The applications of "{machine}" could not be held still: {reason}.',
    advice: 'Check the guest agent; without --quiesce the point is crash-consistent.',
    httpStatus: 409,
    exitCode: 5,
    retryable: true,
  },
  WRONG_KEY: {
    message: 'The repository could not be opened: no key slot fits the key that was given.',
    advice: 'Check the passphrase or key file; nothing was changed.',
    httpStatus: 403,
    exitCode: 6,
    retryable: false,
  },
  LAST_KEY: {
    message:
      'Key slot "{name}" is the last one; without it nobody could open the repository again.',
    advice: 'Add another key first.',
    httpStatus: 409,
    exitCode: 4,
    retryable: false,
  },
  DAMAGED: {
    message: 'Damage found in {file} at byte {offset}: {reason}.',
    advice:
      'Run "secondwind check --all" to see every point it touches; other points are not affected.',
    httpStatus: 500,
    exitCode: 7,
    retryable: false,
  },
  NEWER_FORMAT: {
    message:
      '{file} was written by a newer Secondwind (format {found}; this one reads up to {known}).',
    advice: 'Use the newer version; nothing was changed.',
    httpStatus: 500,
    exitCode: 4,
    retryable: false,
  },
  IO_FAILED: {
    message: '{action} failed on {file}: {reason}.',
    advice: 'Check the disk or mount below it; capture goes on by itself once it works again.',
    httpStatus: 503,
    exitCode: 8,
    retryable: true,
  },
  NO_SPACE: {
    message: 'No space is left for {file}.',
    advice: 'Free space there; restores go on, and capture resumes by itself.',
    httpStatus: 507,
    exitCode: 8,
    retryable: true,
  },
  NOT_A_DISK: {
    message: '"{file}" cannot be used as a disk: {reason}.',
    advice: 'Name a block device or a file that holds a disk image.',
    httpStatus: 400,
    exitCode: 2,
    retryable: false,
  },
  TARGET_TOO_SMALL: {
    message: 'The target {file} holds {targetBytes} bytes, but the disk has {diskBytes}.',
    advice: 'Choose a target of at least {diskBytes} bytes; nothing was written.',
    httpStatus: 409,
    exitCode: 4,
    retryable: false,
  },
  FILE_SYSTEM_DAMAGED: {
    message:
      'The {kind} file system is damaged: {structure}, at byte {offsetBytes} of its volume: {reason}.',
    advice:
      'What does not depend on it can still be read; "secondwind verify" lists all that is wrong, and an earlier moment may be whole.',
    httpStatus: 422,
    exitCode: 7,
    retryable: false,
  },
  CANNOT_LOOK_INSIDE: {
    message: 'What lies in {what} cannot be read: {reason}.',
    advice: 'Open the disk with "secondwind open" and read it with the system that wrote it.',
    httpStatus: 422,
    exitCode: 4,
    retryable: false,
  },
  NO_SUCH_FILE: {
    message: 'There is no "{path}" in {where}.',
    advice: 'List the folder above it, or ask for another moment.',
    httpStatus: 404,
    exitCode: 3,
    retryable: false,
  },
  EXCLUDED: {
    message:
      'This content is not held: it was excluded from protection when the point was made (byte {offset} of its volume).',
    advice:
      'Ask for a moment before it was excluded; "secondwind disk exclude" shows what is, and since when.',
    httpStatus: 409,
    exitCode: 3,
    retryable: false,
  },
  NOT_A_DIRECTORY: {
    message: '"{path}" in {where} is no directory.',
    advice: 'Use "secondwind files cat" or "secondwind files copy" for a file.',
    httpStatus: 409,
    exitCode: 3,
    retryable: false,
  },
  NOT_A_FILE: {
    message: '"{path}" in {where} is no ordinary file.',
    advice:
      'List it with "secondwind files list"; a directory is copied with "secondwind files copy".',
    httpStatus: 409,
    exitCode: 3,
    retryable: false,
  },
  SERVER_UNREACHABLE: {
    message: 'No Secondwind server answers at {address}: {reason}.',
    advice: 'Start it with "secondwind serve", or name its data folder with --data.',
    httpStatus: 503,
    exitCode: 9,
    retryable: true,
  },
  LINK_LOST: {
    message: 'The connection to {peer} was lost: {reason}.',
    advice: 'It is tried again by itself; what was not confirmed is sent again.',
    httpStatus: 502,
    exitCode: 9,
    retryable: true,
  },
  HISTORIES_DIFFER: {
    message:
      'What {peer} has is not what was sent to it: one of the two was set back to an earlier state.',
    advice: 'All disks are compared again; until then the newest point stays the last one.',
    httpStatus: 409,
    exitCode: 4,
    retryable: false,
  },
  NOT_ENROLLED: {
    message: 'This machine is not enrolled on a server: {folder} holds no identity.',
    advice:
      'Ask for a code with "secondwind machine enrol NAME" there, then run "secondwind-agent enrol".',
    httpStatus: 403,
    exitCode: 6,
    retryable: false,
  },
  NOT_ADMITTED: {
    message: '{peer} does not admit this machine: {reason}.',
    advice:
      'Enrol it: "secondwind machine enrol NAME" on the server gives a code for "secondwind-agent enrol".',
    httpStatus: 403,
    exitCode: 6,
    retryable: false,
  },
  PROTOCOL: {
    message: 'The other side of {connection} broke the protocol: {reason}.',
    advice: 'The connection was closed; check that the peer speaks this protocol.',
    httpStatus: 502,
    exitCode: 8,
    retryable: false,
  },
  LIMIT_EXCEEDED: {
    message: '{what} is {value}, over the limit of {limit}.',
    advice: 'Ask for less at once.',
    httpStatus: 413,
    exitCode: 2,
    retryable: false,
  },
  READ_ONLY: {
    message: '{what} cannot be written: it is read-only.',
    advice: 'Open it with --writable to get a writable overlay.',
    httpStatus: 403,
    exitCode: 4,
    retryable: false,
  },
  INTERRUPTED: {
    message: '{action} was interrupted before it ended.',
    advice: 'Run it again; what was done already is kept and not done twice.',
    httpStatus: 499,
    exitCode: 130,
    retryable: true,
  },
} as const; // That each row is an ErrorDefinition is held by SecondwindError.definition.

/** Name of a row in the error table. */
export type ErrorCode = keyof typeof errorTable;
