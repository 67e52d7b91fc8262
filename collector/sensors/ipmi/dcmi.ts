/** DCMI power readings: the command (DCMI specification v1.5, 6.6.1), and what tools print of it. */
import { ControllerError } from '../host/controller.ts'
import type { IpmiAnswer, IpmiCommand } from './packets.ts'

const GROUP_EXTENSION = 0x2c
const DCMI = 0xdc

/** Get Power Reading, system power statistics. */
export const POWER_READING: IpmiCommand = {
  netFn: GROUP_EXTENSION,
  command: 0x02,
  data: Buffer.from([DCMI, 0x01, 0x00, 0x00]),
}

const ACTIVE = 0x40
/** What to do where a controller has no DCMI. */
export const NO_DCMI =
  'The controller has no DCMI power reading. Read it by Redfish, if it has that, or meter its power supply.'
const INACTIVE =
  "The controller's power measurement is not active. Activate it with `ipmitool dcmi power activate`, or in the controller's settings."

/** Watts now. @throws ControllerError */
export function wattsOf({ code, data }: IpmiAnswer): number {
  // 0xc1: invalid command; 0xc9, 0xcc: invalid parameter or field.
  if (code === 0xc1 || code === 0xc9 || code === 0xcc) throw new ControllerError('unsupported', NO_DCMI)
  if (code === 0xd4) {
    throw new ControllerError(
      'credentials',
      'The privilege of the session does not allow DCMI power readings. Set `privilege: operator`, or give the user more.',
    )
  }
  if (code !== 0 || data.length < 18 || data[0] !== DCMI) {
    throw new ControllerError(
      'invalid',
      `The DCMI power reading failed (completion code 0x${code.toString(16)}).`,
    )
  }
  if ((data[17]! & ACTIVE) === 0) throw new ControllerError('unsupported', INACTIVE)
  return data.readUInt16LE(1)
}

/** What `ipmitool dcmi power reading` and FreeIPMI's `ipmi-dcmi --get-system-power-statistics` print. */
const WATTS = /^\s*(?:Instantaneous power reading|Current Power)\s*:\s*(\d+) Watts/m
const STATE = /^\s*(?:Power reading state is|Power Measurement)\s*:\s*(\w+)/m

/** Watts in the output of a tool. @throws ControllerError */
export function wattsPrinted(output: string): number {
  const state = STATE.exec(output)?.[1]?.toLowerCase()
  const watts = WATTS.exec(output)?.[1]
  if (watts === undefined) throw new ControllerError('unsupported', NO_DCMI)
  if (state !== undefined && state !== 'activated' && state !== 'active') {
    throw new ControllerError('unsupported', INACTIVE)
  }
  return Number(watts)
}
