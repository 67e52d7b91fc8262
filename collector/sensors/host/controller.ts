/** Controllers of servers (BMCs): asked one by one over the network or by a tool, each at its own pace. */
import { ZONE_ATTRIBUTE } from '../../../core/model/zone.ts'
import type { Reading } from '../../readings/reading.ts'

/** The host whose meter a controller is. */
export interface ControlledHost {
  readonly tenant: string
  /** Its id or its name. */
  readonly host: string
  readonly hostName: string
  readonly zone?: string | undefined
}

/** What a controller measures of one host; at least one of both. */
export interface ControllerValue {
  readonly host: ControlledHost
  readonly milliwatts?: bigint
  /** A counter, with what distinguishes its lives; '' if nothing does. */
  readonly energy?: { readonly microjoules: bigint; readonly life: string }
}

/** Names of the readings' sources. */
export type ControllerSource = 'redfish' | 'ipmi' | 'ipmi:local'

/** One controller and its connection. */
export interface Controller {
  /** For events: its address, without credentials. */
  readonly name: string
  readonly source: ControllerSource
  /** @throws ControllerError */
  read(signal: AbortSignal): Promise<readonly ControllerValue[]>
  /** Ends its session, within the signal's time. Never throws. */
  close(signal: AbortSignal): Promise<void>
}

/** A controller that does not give a reading, and what to do about it. */
export class ControllerError extends Error {
  /** credentials: trying again soon could lock the account; unsupported: trying again soon changes nothing. */
  readonly kind: 'unreachable' | 'credentials' | 'unsupported' | 'invalid'

  constructor(kind: ControllerError['kind'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}

/** Readings of the whole host: power is kept beside the counter, which may restart. */
export function controllerReadings(
  source: ControllerSource,
  timestampUnixNano: bigint,
  { host: controlled, milliwatts, energy }: ControllerValue,
): Reading[] {
  const { tenant, host, hostName, zone } = controlled
  const reading = (quantity: 'power' | 'energy', value: bigint, bootId: string): Reading => ({
    Tenant: tenant,
    Host: host,
    HostName: hostName,
    BootId: bootId,
    Timestamp: timestampUnixNano,
    Quantity: quantity,
    Domain: 'host',
    Device: '',
    WorkloadKind: '',
    WorkloadId: '',
    Value: value,
    RangeMax: 0n,
    Source: source,
    Quality: 'measured',
    Attributes: zone === undefined ? {} : { [ZONE_ATTRIBUTE]: zone },
  })
  return [
    ...(milliwatts === undefined ? [] : [reading('power', milliwatts, '')]),
    ...(energy === undefined ? [] : [reading('energy', energy.microjoules, `${source}/${energy.life}`)]),
  ]
}
