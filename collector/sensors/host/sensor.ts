/** What every sensor is, and what a round tells it. */
import { join } from 'node:path'
import type { Quantity } from '../../../core/books/quantities.ts'
import type { SensorSource } from '../../../core/books/sources.ts'
import type { ReadingQuality } from '../../../core/model/quality.ts'
import type { Reading } from '../../readings/reading.ts'

/** Folders that the kernel shows itself in; tests put trees of files in their place. */
export interface Roots {
  readonly proc: string
  readonly sys: string
  readonly etc: string
  /** The /sys of this process itself: in a container not that of the host. */
  readonly ownSys: string
}

/** A container sees the host's folders where they are mounted, such as `/host/proc`. */
export const rootsUnder = (folder: string): Roots => ({
  proc: join(folder, 'proc'),
  sys: join(folder, 'sys'),
  etc: join(folder, 'etc'),
  ownSys: '/sys',
})

/** Who is measured; the same on every reading. */
export interface HostIdentity {
  readonly tenant: string
  readonly host: string
  readonly hostName: string
  /** The kernel's id of this boot: counters of the kernel restart with it. */
  readonly bootId: string
  /** What every reading of the host itself says: its grid zone, where that is configured. */
  readonly attributes?: Readonly<Record<string, string>>
}

/** Facts of one round that all its sensors share. */
export interface Round {
  /** One time for all readings of the round (but for zeros of what came up since the last one: cpu-time.ts). */
  readonly timestampUnixNano: bigint
}

/** A source of readings on this machine. */
export interface Sensor {
  readonly name: string
  /** Readings of this moment. May throw; the round goes on with the other sensors. */
  read(round: Round): Reading[]
}

/** What differs from reading to reading; the rest has defaults. */
interface SensorSample {
  readonly quantity: Quantity
  readonly value: bigint
  readonly source: SensorSource
  readonly domain?: string
  /** Epoch of the counter when it is not the boot; '' for gauges. */
  readonly bootId?: string
  readonly rangeMax?: bigint
  readonly workload?: { readonly kind: string; readonly id: string }
  readonly quality?: ReadingQuality
  readonly attributes?: Readonly<Record<string, string>>
}

const NO_ATTRIBUTES: Readonly<Record<string, string>> = {}

/** A reading of this host; what the sample leaves out gets the column's empty value. */
export function readingOf(identity: HostIdentity, round: Round, sample: SensorSample): Reading {
  return {
    Tenant: identity.tenant,
    Host: identity.host,
    HostName: identity.hostName,
    BootId: sample.bootId ?? identity.bootId,
    Timestamp: round.timestampUnixNano,
    Quantity: sample.quantity,
    Domain: sample.domain ?? '',
    Device: '',
    WorkloadKind: sample.workload?.kind ?? '',
    WorkloadId: sample.workload?.id ?? '',
    Value: sample.value,
    RangeMax: sample.rangeMax ?? 0n,
    Source: sample.source,
    Quality: sample.quality ?? 'measured',
    Attributes: attributesOf(identity, sample),
  }
}

function attributesOf(
  { attributes: ofHost }: HostIdentity,
  { workload, attributes: own }: SensorSample,
): Readonly<Record<string, string>> {
  if (workload !== undefined || ofHost === undefined) return own ?? NO_ATTRIBUTES
  return own === undefined ? ofHost : { ...ofHost, ...own }
}
