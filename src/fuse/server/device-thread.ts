import { readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

/** What the thread is started with. */
export interface DeviceThreadData {
  /** Descriptor of the open FUSE device. */
  readonly descriptor: number;
  /** Longest request, bytes. */
  readonly requestBytesMax: number;
}

/** What the thread tells: requests, and at last why it ended. */
export type DeviceThreadMessage =
  | { readonly requests: Uint8Array }
  | { readonly ended: 'unmounted' | 'failed'; readonly reason: string };

/** Errors after which the next read may succeed: the request was taken back, or the read was interrupted. */
const passing = new Set(['ENOENT', 'EINTR', 'EAGAIN']);

/**
 * The program of the thread that waits for the kernel: a read of the device blocks until somebody asks something, and must not hold one
 * of the few threads that serve files.
 */
if (parentPort !== null) readRequests(workerData as DeviceThreadData);

function readRequests({ descriptor, requestBytesMax }: DeviceThreadData): void {
  const buffer = Buffer.allocUnsafeSlow(requestBytesMax);
  for (;;) {
    try {
      const length = readSync(descriptor, buffer, 0, requestBytesMax, null);
      if (length === 0) return tell({ ended: 'unmounted', reason: 'the device is at its end' });
      tell({ requests: Uint8Array.from(buffer.subarray(0, length)) });
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException;
      if (passing.has(code)) continue;
      return tell({ ended: code === 'ENODEV' ? 'unmounted' : 'failed', reason: message });
    }
  }
}

function tell(message: DeviceThreadMessage): void {
  parentPort?.postMessage(message);
}
