/**
 * Keys of the maps that state is kept in. A tenant comes from a credential and holds no separator; other parts come from
 * outside, and a tenant that puts separators there can only confuse its own series.
 */
import { digest } from '../../../core/model/digest.ts'
import type { MeterIdentity } from './series.ts'

const SEPARATOR = '\u0000'

/** Names of hosts come from outside; a stored key has a limit (1978 bytes in LMDB). */
const LONGEST_HOST = 256

/** Also the key of the host's stored state. */
export const hostKey = (tenant: string, host: string): string =>
  `${tenant}${SEPARATOR}${host.length > LONGEST_HOST ? digest(host, 64) : host}`

/**
 * Key of the half of the host's stored state that rarely changes. Host keys begin with a tenant, which is neither empty nor
 * holds a separator: no host's key is another's names key.
 */
export const namesKey = (hostKey: string): string => `${SEPARATOR}names${SEPARATOR}${hostKey}`

/** Whether a state key is not a host's: no host key begins with a separator. */
export const isNamesKey = (key: string): boolean => key.startsWith(SEPARATOR)

/** Identity of a workload on its host: kind and id. */
export const workloadKey = (kind: string, id: string): string => `${kind}${SEPARATOR}${id}`

/** Identity of a meter, without whom it measures. A record has few, so readers build each key once. */
export const meterKey = (meter: MeterIdentity): string =>
  [meter.quantity, meter.domain, meter.device, meter.bootId, meter.source, meter.quality].join(SEPARATOR)

/** Identity of a series on its host: its meter (`meterKey`) and whom it measures (`workloadKey`). */
export const seriesKey = (meter: string, workload: string): string => meter + SEPARATOR + workload

const FACTS = 'identity/'

/** Key of what readings of quantity `identity` say of a workload. No kind of workload contains a slash. */
export const factsKey = (workload: string): string => FACTS + workload

/** Whether it is the key of such facts. */
export const isFactsKey = (key: string): boolean => key.startsWith(FACTS)
