/** Stands for virsh where there is no libvirt: passes one command to the monitor whose path is the first argument. */
import { systemClock } from '../../src/base/system-clock.ts';
import { connectQmp } from '../../src/qemu/qmp-monitor.ts';

const [path = '', , , verb, domain, text = ''] = process.argv.slice(2);
const listener = { event: () => undefined, closed: () => undefined };

try {
  if (verb !== 'qemu-monitor-command' || domain !== 'sw1') throw new Error('no such domain');
  const monitor = await connectQmp({ path, clock: systemClock, listener });
  const { execute, arguments: words } = JSON.parse(text) as { execute: string; arguments?: object };
  console.log(JSON.stringify(await answer(() => monitor.execute(execute, words))));
  monitor.close();
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = 1;
}

async function answer(ask: () => Promise<unknown>): Promise<object> {
  try {
    return { return: await ask() };
  } catch (error) {
    return { error: { class: 'GenericError', desc: (error as Error).message } };
  }
}
