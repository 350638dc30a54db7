import { nbdPayloadBytesMax } from '../../base/limits.ts';
import { command, commandFlag, errorNumber } from '../protocol/numbers.ts';
import type { RequestHeader } from '../protocol/request.ts';
import type { Agreement } from './handshake.ts';

/** Flags each command may carry; every command may carry FUA, which means nothing where nothing is written. */
const flagsOf: Readonly<Record<number, number>> = {
  [command.read]: commandFlag.forceUnitAccess | commandFlag.dontFragment,
  [command.write]: commandFlag.forceUnitAccess,
  [command.disconnect]: commandFlag.forceUnitAccess,
  [command.flush]: commandFlag.forceUnitAccess,
  [command.trim]: commandFlag.forceUnitAccess,
  [command.cache]: commandFlag.forceUnitAccess,
  [command.writeZeroes]: commandFlag.forceUnitAccess | commandFlag.noHole | commandFlag.fastZero,
  [command.blockStatus]: commandFlag.forceUnitAccess | commandFlag.requestOne,
};

/**
 * Finds what is wrong with a request before the disk hears of it.
 * @param header - the request
 * @param agreement - what the handshake agreed on
 * @returns error number, 0 when nothing is wrong
 * @source proto.md, "Request types", "Error values"
 */
export function requestFault(header: Readonly<RequestHeader>, agreement: Agreement): number {
  const allowedFlags = flagsOf[header.command];
  if (allowedFlags === undefined || (header.flags & ~allowedFlags) !== 0)
    return errorNumber.invalid;
  if ((header.flags & commandFlag.dontFragment) !== 0 && !agreement.isStructured) {
    return errorNumber.invalid;
  }
  if (writes(header.command) && agreement.nbdExport.writable === undefined) {
    return errorNumber.notPermitted;
  }
  if (header.offsetBytes > agreement.nbdExport.disk.sizeBytes - header.lengthBytes) {
    return beyondEnd(header.command);
  }
  return ofCommand(header, agreement);
}

function ofCommand(header: Readonly<RequestHeader>, agreement: Agreement): number {
  if (header.command === command.read && header.lengthBytes > nbdPayloadBytesMax) {
    return agreement.isStructured ? errorNumber.overflow : errorNumber.invalid;
  }
  if (header.command === command.blockStatus) {
    const isAskable = agreement.hasAllocation && header.lengthBytes > 0;
    return isAskable ? errorNumber.none : errorNumber.invalid;
  }
  return errorNumber.none;
}

function writes(number: number): boolean {
  return number === command.write || number === command.trim || number === command.writeZeroes;
}

function beyondEnd(number: number): number {
  const isSpace = number === command.write || number === command.writeZeroes;
  return isSpace ? errorNumber.noSpace : errorNumber.invalid;
}
