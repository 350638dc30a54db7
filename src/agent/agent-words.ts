import { parseArgs } from 'node:util';
import { SecondwindError } from '../base/errors.ts';
import { checkName } from '../base/names.ts';
import { parseBytes, parseDuration } from '../base/units.ts';
import { secondMicros } from '../base/zone-time.ts';
import { allDay, type ThrottleRule } from '../exchange/send/throttle.ts';

/** A disk as it is named on the command line. */
export interface NamedDisk {
  /** Its name on the server. */
  readonly name: string;
  /** File or device. */
  readonly path: string;
}

/** An order to the agent. */
export interface AgentOrder {
  /** What is to be done. */
  readonly command: 'enrol' | 'status' | 'scan' | 'run' | 'help';
  /** Whether what is told is JSON: one line for each thing. */
  readonly isJson: boolean;
  /** Folder of the agent; undefined: the usual one. */
  readonly stateFolder: string | undefined;
  /** "HOST:PORT"; for `enrol`. */
  readonly server: string;
  /** File that holds the code; "-" is standard input. */
  readonly codeFile: string;
  /** For `scan` and `run`. */
  readonly disks: readonly NamedDisk[];
  /** Time from scan to scan, milliseconds. */
  readonly everyMs: number;
  /** Holds back what is sent. */
  readonly rules: readonly ThrottleRule[];
}

/** What `--help` says. */
export const agentHelp = `secondwind-agent: send the disks of this machine to a Secondwind server

  secondwind-agent enrol --server HOST:PORT [--code-file FILE]
      Make this machine known to a server. The code ("secondwind machine enrol NAME" there) is read from standard input, or a file.
  secondwind-agent scan NAME=PATH…
      Compare disks or image files with their newest points, send what differs, and end.
  secondwind-agent run NAME=PATH… [--every 1h]
      Do so again and again; what could not be sent waits, and is sent when the server is back.
  secondwind-agent status
      Tell who this machine is, and what waits to be sent.

  --json                    print JSON: a line for each disk, or one document
  --state FOLDER            where identity and waiting commits lie
  --rate 5MiB               most bytes per second
  --rate 08:00-18:00=1MiB   the same between two times of the day; the first that fits counts; 0 stops sending

Examples:
  $ secondwind-agent enrol --server backup.example:7878
  $ secondwind-agent scan root=/dev/vda data=/dev/vdb
  $ secondwind-agent run root=/dev/vda --every 15min --rate 08:00-18:00=2MiB

Exit codes are those of secondwind: 2 wrong call, 5 in use, 6 not admitted, 8 input or output, 9 server not reachable.
`;

const commands = ['enrol', 'status', 'scan', 'run'] as const;
const everyDefault = '1h';

/**
 * Reads the words of the command line.
 * @param words - without program and script
 * @throws USAGE
 */
export function parseAgentWords(words: readonly string[]): AgentOrder {
  const { values, positionals } = parsed(words);
  const command = commands.find((each) => each === positionals[0]);
  const isHelp = values.help === true || positionals.length === 0;
  if (command === undefined && !isHelp) throw usage(`There is no command "${positionals[0]}"`);
  const disks = positionals.slice(1).map(namedDisk);
  const needsDisks = command === 'scan' || command === 'run';
  if (!isHelp && needsDisks !== disks.length > 0) {
    throw usage(needsDisks ? 'Name the disks as NAME=PATH' : `"${command}" takes no disks`);
  }
  if (!isHelp && command === 'enrol' && values.server === undefined) {
    throw usage('Name the server with --server HOST:PORT');
  }
  return {
    command: isHelp ? 'help' : (command ?? 'help'),
    isJson: values.json === true,
    stateFolder: values.state,
    server: values.server ?? '',
    codeFile: values['code-file'] ?? '-',
    disks,
    everyMs: parseDuration(values.every ?? everyDefault),
    rules: (values.rate ?? []).map(rateRule),
  };
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        state: { type: 'string' },
        server: { type: 'string' },
        'code-file': { type: 'string' },
        every: { type: 'string' },
        rate: { type: 'string', multiple: true },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw usage((error as Error).message.replace(/\.$/, ''));
  }
}

function namedDisk(word: string): NamedDisk {
  const at = word.indexOf('=');
  if (at < 1 || at === word.length - 1) throw usage(`"${word}" is not NAME=PATH`);
  return { name: checkName('disk', word.slice(0, at)), path: word.slice(at + 1) };
}

function rateRule(text: string): ThrottleRule {
  const match = /^(?:(\d\d):(\d\d)-(\d\d):(\d\d)=)?(.+)$/.exec(text);
  const bytesPerSecond = parseBytes(match?.[5] ?? text);
  if (match?.[1] === undefined) return { ...allDay, bytesPerSecond };
  const [fromHour, fromMinute, toHour, toMinute] = match.slice(1, 5).map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const micros = (hour: number, minute: number): number => (hour * 60 + minute) * 60 * secondMicros;
  const rule = {
    fromMicros: micros(fromHour, fromMinute),
    toMicros: micros(toHour, toMinute),
    bytesPerSecond,
  };
  const isTime = Math.max(rule.fromMicros, rule.toMicros) <= allDay.toMicros;
  if (isTime && fromMinute < 60 && toMinute < 60) return rule;
  throw usage(`"${text}" has a time that is none`);
}

function usage(reason: string): SecondwindError {
  return new SecondwindError('USAGE', { reason });
}
