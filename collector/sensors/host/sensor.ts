/** The interface of a sensor, and the facts that a round gives it. */
import { join } from 'node:path'
import type { Quantity } from '../../../core/books/quantities.ts'
import type { SensorSource } from '../../../core/books/sources.ts'
import type { ReadingQuality } from '../../../core/model/quality.ts'
import type { Reading } from '../../readings/reading.ts'

/** Folders in which the kernel exposes its state; tests use trees of files instead. */
export interface Roots {
  readonly proc: string
  readonly sys: string
  readonly etc: string
  /** Where cloud-init keeps what the cloud said of the machine. */
  readonly cloud: string
  /** The /sys of this process itself: in a container, not that of the host. */
  readonly ownSys: string
}

/** A container sees the host's folders where they are mounted, such as `/host/proc`. */
export const rootsUnder = (folder: string): Roots => ({
  proc: join(folder, 'proc'),
  sys: join(folder, 'sys'),
  etc: join(folder, 'etc'),
  cloud: join(folder, 'var/lib/cloud'),
  ownSys: '/sys',
})

/** Identity of the measured host; the same on every reading. */
export interface HostIdentity {
  readonly tenant: string
  readonly host: string
  readonly hostName: string
  /** The kernel's id of this boot: the kernel's counters restart with it. */
  readonly bootId: string
  /** Attributes of every reading of the host itself: its grid zone, if configured. */
  readonly attributes?: Readonly<Record<string, string>>
}

/** Facts of one round that all its sensors share. */
export interface Round {
  /**
   * One time for all readings of the round (except zeros of counters that appeared since the last one: cpu-time.ts).
   */
  readonly timestampUnixNano: bigint
  /** How often the machine was suspended since the sensors started; default: never. */
  readonly suspends?: number
}

/** A source of readings on this machine. */
export interface Sensor {
  readonly name: string
  /** Current readings. May throw; the round continues with the other sensors. */
  read(round: Round): Reading[]
}

/** The fields that vary between readings; the others have defaults. */
interface SensorSample {
  readonly quantity: Quantity
  readonly value: bigint
  readonly source: SensorSource
  readonly domain?: string
  /** Distinguishes meters that add up to one domain. */
  readonly device?: string
  /** Epoch of the counter if it is not the boot; '' for gauges. */
  readonly bootId?: string
  readonly rangeMax?: bigint
  readonly workload?: { readonly kind: string; readonly id: string }
  readonly quality?: ReadingQuality
  readonly attributes?: Readonly<Record<string, string>>
}

const NO_ATTRIBUTES: Readonly<Record<string, string>> = {}

/** A reading of this host; omitted fields get the column's empty value. */
export function readingOf(identity: HostIdentity, round: Round, sample: SensorSample): Reading {
  return {
    Tenant: identity.tenant,
    Host: identity.host,
    HostName: identity.hostName,
    BootId: sample.bootId ?? identity.bootId,
    Timestamp: round.timestampUnixNano,
    Quantity: sample.quantity,
    Domain: sample.domain ?? '',
    Device: sample.device ?? '',
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
