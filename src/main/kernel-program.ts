import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type {
  KernelProgram,
  KernelProgramListener,
  StartKernelProgram,
} from '../capture/kernel/kernel-program.ts';

const programPath = join(import.meta.dirname, '../../dist/native/secondwind-write-capture');
/** Ring between the kernel and the program: what may be written while the program does not get to run, bytes. */
const ringBytesDefault = 32 * 1024 * 1024;
/** What the program says of its end, characters. */
const reasonCharactersMax = 400;
/** Time to end by itself, milliseconds. */
const endMsMax = 2_000;

/**
 * Makes what starts the program that scripts/native.sh builds.
 * @param ringBytes - memory between the kernel and the program, a power of two
 */
export function kernelProgram(ringBytes: number = ringBytesDefault): StartKernelProgram {
  return (devicePath, listener) => start(ringBytes, devicePath, listener);
}

function start(
  ringBytes: number,
  devicePath: string,
  listener: KernelProgramListener,
): KernelProgram {
  if (!existsSync(programPath)) {
    queueMicrotask(() =>
      listener.ended(`there is no ${programPath}; build it with npm start or scripts/native.sh`),
    );
    return { send: () => undefined, stop: () => undefined };
  }
  const child = spawn(programPath, [String(ringBytes), devicePath], { env: {} });
  let words = '';
  child.stdout.on('data', (bytes: Buffer) => listener.received(bytes));
  child.stderr.on('data', (bytes: Buffer) => {
    words = (words + bytes.toString()).slice(-reasonCharactersMax);
  });
  child.once('error', (error) => listener.ended(error.message));
  child.once('close', (code, signal) => {
    const text = words.trim().split('\n').at(-1) ?? '';
    listener.ended(text === '' ? `the program that captures ended (${signal ?? code})` : text);
  });
  // Who does not read its commands any more has ended, which is told elsewhere.
  child.stdin.on('error', () => undefined);
  return {
    send: (line) => void child.stdin.write(`${line}\n`),
    stop: () => {
      child.stdin.end();
      setTimeout(() => child.kill('SIGKILL'), endMsMax).unref();
    },
  };
}
