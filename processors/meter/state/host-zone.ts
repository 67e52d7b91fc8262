/**
 * In which grid zone a host is, as its readings say. Kept beside the labels of its workloads, under the key of no workload:
 * so it is stored and restored with them. Of what differs the newest holds, from its minute on; a host that moves keeps
 * its old zone for the minutes before. What the host's own readings say counts more than what those of its workloads do.
 */
import { ZONE_ATTRIBUTE } from '../../../core/model/zone.ts'
import { workloadKey } from '../samples/keys.ts'
import { isBelow } from '../samples/samples.ts'
import type { HostState, WorkloadLabels } from './host-state.ts'

/** Where the zone of a host stands among its labels. */
export const HOST_LABELS = workloadKey('', '')

/** Who said it: readings of the host itself, or of its workloads. */
export type ZoneSource = 'host' | 'workload'

const SOURCE = 'by'
const SINCE = 'since'
const BEFORE = 'before'

/** What the host says holds this long against what is said of its workloads. */
const TRUSTED_MINUTES = 60

/** What is known of a host's zone. Its time is that of the newest reading that said so. */
interface ZoneClaim {
  readonly zone: string
  readonly source: ZoneSource
  /** Window from which on it holds. */
  readonly since: number
  /** The zone before that; '' where none is known: then it holds for all time before, too. */
  readonly before: string
}

const NO_CLAIM: ZoneClaim = { zone: '', source: 'workload', since: 0, before: '' }

/** The zone of a host in a window; '' where its readings do not say. */
export function zoneAt({ workloads }: Pick<HostState, 'workloads'>, window: number): string {
  const labels = workloads.get(HOST_LABELS)
  if (labels === undefined) return ''
  const { zone, since, before } = claimOf(labels)
  return window < since && before !== '' ? before : zone
}

/** As a reading of the host says it. */
export function zoneAttributes({
  workloads,
}: Pick<HostState, 'workloads'>): Readonly<Record<string, string>> {
  const zone = workloads.get(HOST_LABELS)?.attributes[ZONE_ATTRIBUTE]
  return zone === undefined ? {} : { [ZONE_ATTRIBUTE]: zone }
}

/** Takes what readings say of their host's zone into its state. */
export class ZoneUpdater {
  readonly #state: HostState
  #labels: WorkloadLabels | undefined
  #claim: ZoneClaim

  constructor(state: HostState) {
    this.#state = state
    this.#labels = state.workloads.get(HOST_LABELS)
    this.#claim = this.#labels === undefined ? NO_CLAIM : claimOf(this.#labels)
  }

  /** A reading of that instant says so. Nearly every one says the same as the one before. */
  said(zone: string, source: ZoneSource, minute: number, ns: number): void {
    const labels = this.#labels
    if (labels === undefined) {
      this.#set({ zone, source, since: minute, before: '' }, minute, ns)
      return
    }
    if (isBelow(minute, ns, labels.minute, labels.ns)) return
    const known = this.#claim
    const isLess = source === 'workload' && known.source === 'host'
    if (zone === known.zone && (source === known.source || isLess)) {
      if (isLess) return
      labels.minute = minute
      labels.ns = ns
    } else if (zone === known.zone) this.#set({ ...known, source }, minute, ns)
    else if (!isLess || minute - labels.minute > TRUSTED_MINUTES) {
      const isTie = minute === labels.minute && ns === labels.ns && source === known.source
      if (isTie && zone < known.zone) return
      // Of several changes within a minute the last one holds for all of it.
      const before = known.since === minute ? known.before : known.zone
      this.#set({ zone, source, since: minute, before }, minute, ns)
    }
  }

  #set(claim: ZoneClaim, minute: number, ns: number): void {
    const { zone, source, since, before } = claim
    const attributes = { [ZONE_ATTRIBUTE]: zone, [SOURCE]: source, [SINCE]: `${since}`, [BEFORE]: before }
    this.#claim = claim
    this.#labels = { minute, ns, attributes }
    this.#state.workloads.set(HOST_LABELS, this.#labels)
    this.#state.derived = null
  }
}

function claimOf({ attributes }: WorkloadLabels): ZoneClaim {
  const zone = attributes[ZONE_ATTRIBUTE] ?? ''
  const source = attributes[SOURCE] === 'host' ? 'host' : 'workload'
  return { zone, source, since: Number(attributes[SINCE] ?? 0), before: attributes[BEFORE] ?? '' }
}
