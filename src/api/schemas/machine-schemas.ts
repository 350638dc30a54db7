import { type TUnsafe, Type } from 'typebox';
import { guestDisksMax } from '../../base/limits.ts';
import type { GuestOrder, MachineReport } from '../../service/machine-report.ts';
import { diskStates } from './disk-schemas.ts';
import { schemaOf } from './schema-of.ts';
import { absolutePath, milliseconds, momentText, nameText } from './words.ts';

const closed = { additionalProperties: false };
/** Domains and URIs go to virsh as arguments of their own; what begins with a dash would be an option. */
const virshWord = (description: string): ReturnType<typeof Type.String> =>
  Type.String({
    description,
    pattern: '^[^-\\u0000-\\u001f][^\\u0000-\\u001f]*$',
    maxLength: 1000,
  });

/** Body of POST /v1/machines. */
export const guestOrderSchema: TUnsafe<GuestOrder> = schemaOf<GuestOrder>()(
  Type.Object(
    {
      machine: nameText('What the machine is called here.'),
      qmp: Type.Optional(absolutePath('QMP socket of the guest.')),
      libvirtDomain: Type.Optional(virshWord('Its libvirt domain, instead of a QMP socket.')),
      libvirtUri: Type.Optional(virshWord('Connection to libvirt; qemu:///system when left out.')),
      disks: Type.Optional(
        Type.Array(nameText('Name of a drive, device or node.'), {
          description: 'Disks to protect; all writable ones when left out.',
          maxItems: guestDisksMax,
        }),
      ),
      guestAgent: Type.Optional(absolutePath("Socket of the guest's agent.")),
      windowMs: Type.Optional(milliseconds('Time between points.')),
      socketFolder: Type.Optional(absolutePath('Folder in which QEMU and the server meet.')),
    },
    closed,
  ),
);

/** A machine in answers. */
export const machineReportSchema: TUnsafe<MachineReport> = schemaOf<MachineReport>()(
  Type.Object({
    machine: nameText('The machine.'),
    server: nameText('The server it is: the first of the machines that are linked.'),
    guest: Type.Optional(Type.String({ description: 'How the guest is reached.' })),
    agent: Type.Optional(
      Type.String({ description: 'How its agent is reached, or what it does.' }),
    ),
    lastHeard: Type.Optional(
      momentText('When the agent that sends its commits was last connected.'),
    ),
    lagMs: Type.Optional(milliseconds('How far its newest point lies behind now.')),
    state: diskStates('The least good thing that any of its disks is doing.'),
    reason: Type.Optional(Type.String({ description: 'What is wrong.' })),
    disks: Type.Array(nameText('A disk.'), { description: 'Its disks.' }),
  }),
);

/** Body of POST …/links. */
export const linkOrderSchema: TUnsafe<{ readonly other: string }> = schemaOf<{
  readonly other: string;
}>()(Type.Object({ other: nameText('The machine that is the same server.') }, closed));
