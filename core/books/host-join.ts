/**
 * Which names stand for one machine: rules over what senders say. A sender that knows a machine's id also says its name; others
 * know the name alone, or an address. The meter applies these rules where each name's readings arrive (processors/meter/names),
 * the live view, the lists of hosts and recomputing apply them to what the tables hold.
 */
import { bestHost, isCloudId } from './host-ids.ts'

/** A reading said that the host has this name. */
export interface HostClaim {
  readonly host: string
  readonly name: string
  /** The host is known by a name itself: an exporter says which node an address belongs to. Who that node is, others say. */
  readonly isAlias: boolean
}

/** What the configuration says about names: key `hosts`. */
export interface HostRules {
  /** Hosts by names that stand for them, whatever senders say. */
  readonly aliases: Readonly<Record<string, string>>
  /** Names that stand for no other host. */
  readonly separate: readonly string[]
}

/** Nothing is configured. */
export const NO_HOST_RULES: HostRules = { aliases: {}, separate: [] }

/** Why a name stands for another host. */
export type JoinReason = 'name' | 'alias' | 'cloud_id' | 'configuration'

/** One step from a name to the host that it stands for. */
export interface HostStep {
  readonly to: string
  readonly by: JoinReason
}

/** Steps of a name to its machine: an address is a node, and a node is the machine of that id. */
export const MOST_STEPS = 3

/**
 * Where readings under `host` go; null: they stay. `isAlone`: they say no other name of it. `claimants`: who has that name. A cloud's
 * id stands for the machine that has it, whatever name comes with it.
 */
export function stepOf(
  host: string,
  isAlone: boolean,
  claimants: readonly Omit<HostClaim, 'name'>[],
  { aliases, separate }: HostRules,
): HostStep | null {
  if (separate.includes(host)) return null
  const configured = Object.hasOwn(aliases, host) ? aliases[host]! : host
  if (configured !== host) return { to: configured, by: 'configuration' }
  if (isCloudId(host)) {
    const best = bestHost(claimants.flatMap(claim => (claim.isAlias ? [claim.host] : [])))
    if (best !== null && best !== host) return { to: best, by: 'cloud_id' }
  }
  const [claim, ...others] = isAlone ? claimants : []
  if (claim === undefined || others.length > 0 || claim.host === host) return null
  return { to: claim.host, by: claim.isAlias ? 'alias' : 'name' }
}

/** Whether readings that took this step know their host by a name still, so that another step may follow. */
export const isAloneAfter = ({ by }: HostStep): boolean => by !== 'name'

/** All names of machines, as far as claims tell. */
export class HostJoins {
  readonly #claimants: ReadonlyMap<string, readonly HostClaim[]>
  readonly #rules: HostRules

  constructor(claims: Iterable<HostClaim>, rules: HostRules) {
    const claimants = new Map<string, HostClaim[]>()
    for (const claim of claims) {
      if (claim.name === '' || claim.name === claim.host) continue
      const there = claimants.get(claim.name) ?? []
      const known = there.findIndex(({ host }) => host === claim.host)
      // Who says both is an id: the stronger claim counts.
      if (known < 0) there.push(claim)
      else if (!claim.isAlias) there[known] = claim
      claimants.set(claim.name, there)
    }
    this.#claimants = claimants
    this.#rules = rules
    // Twice: what one id proves may be a claim of another one.
    joinByCloudIds(claimants)
    joinByCloudIds(claimants)
    this.#leaveNamesToMachines(claimants)
  }

  /** A cloud's id that stands for a machine claims no name beside it. */
  #leaveNamesToMachines(claimants: Map<string, readonly HostClaim[]>): void {
    for (const [name, there] of claimants) {
      if (there.length < 2 || isCloudId(name)) continue
      const left = there.filter(({ host }) => this.rootOf(host, false) === host)
      if (left.length > 0) claimants.set(name, left)
    }
  }

  /** Hosts that claim a name. Several: it stands for none of them. */
  claimants(name: string): readonly string[] {
    const hosts = (this.#claimants.get(name) ?? []).map(({ host }) => host)
    const best = isCloudId(name) ? bestHost(hosts) : null
    return best === null ? hosts : [best]
  }

  /** Steps from the host of readings to the one that books have; none: itself. */
  stepsOf(host: string, isAlone: boolean): readonly HostStep[] {
    const steps: HostStep[] = []
    let [at, alone] = [host, isAlone]
    while (steps.length < MOST_STEPS) {
      const step = stepOf(at, alone, this.#claimants.get(at) ?? [], this.#rules)
      if (step === null || step.to === host) break
      steps.push(step)
      at = step.to
      alone = isAloneAfter(step)
    }
    return steps
  }

  /** The host that books have for readings under `host`. */
  rootOf(host: string, isAlone: boolean): string {
    return this.stepsOf(host, isAlone).at(-1)?.to ?? host
  }
}

/** Of hosts that claim one cloud's id, one is the machine: the others stand for it. */
function joinByCloudIds(claimants: Map<string, readonly HostClaim[]>): void {
  for (const [id, there] of [...claimants]) {
    for (const claim of sameMachine(id, there)) {
      const known = claimants.get(claim.name) ?? []
      if (!known.some(({ host }) => host === claim.host)) claimants.set(claim.name, [...known, claim])
    }
  }
}

/** What claims of a name say of the hosts that made them: all but one are other names of that one. */
export function sameMachine(
  name: string,
  claimants: readonly Pick<HostClaim, 'host' | 'isAlias'>[],
): readonly HostClaim[] {
  if (claimants.length < 2 || !isCloudId(name)) return []
  const hosts = claimants.flatMap(({ host, isAlias }) => (isAlias ? [host] : []))
  const best = bestHost(hosts)
  if (best === null) return []
  return hosts.flatMap(host => (host === best ? [] : [{ host: best, name: host, isAlias: true }]))
}
