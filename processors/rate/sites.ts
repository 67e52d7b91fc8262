/**
 * Where a host stands: its grid zone, the PUE of its building, what it took to make it. The first site that names it; where that
 * names no zone, the zone that the host's readings say.
 */
import type { Config } from '../../core/catalogue/config/schema.ts'
import { configuredEmbodied, configuredPue } from '../../core/factors/configured.ts'
import type { EmbodiedFactor } from '../../core/factors/hosts/embodied.ts'
import type { PueFactor } from '../../core/factors/hosts/pue.ts'
import { zoneName } from '../../core/model/factor.ts'
import { wildcard } from '../../core/model/wildcard.ts'

/** What the entries of a host need of the first matching entry of `sites`; defaults come from `factors`. */
export interface Site {
  /** Grid zone, as the intensities name it. */
  readonly zone: string
  /** As `sites` names it; '' for a host that no site names. */
  readonly name: string
  /** Applies where no value by time does. */
  readonly pue: PueFactor
  /** default | site */
  readonly pueSource: string
  /** Emissions of hosts of no known type; null: not configured. */
  readonly embodied: EmbodiedFactor | null
  /** Account of what no workload used there; null: as everywhere. */
  readonly operatorAccount: string | null
}

interface PlacedHost {
  readonly Host: string
  readonly HostName: string
  /** Grid zone that the host's readings say; '' for none. */
  readonly Zone: string
}

type SitesConfig = Pick<Config, 'factors' | 'sites'>

/** Hosts that are remembered; others are looked up again. */
const MOST_REMEMBERED = 100_000

/** @throws WattlineError `config_invalid` for a lifespan that is not above 0 */
export function createSites({ factors, sites }: SitesConfig): (host: PlacedHost) => Site {
  const everywhere = inZones(factors, {})
  const rules = sites.map(site => ({ matches: site.hosts.map(wildcard), inZone: inZones(factors, site) }))
  const known = new Map<string, Site>()
  return ({ Host, HostName, Zone }) => {
    if (rules.length === 0) return everywhere(Zone)
    const key = `${Host}\u0000${HostName}\u0000${Zone}`
    const before = known.get(key)
    if (before !== undefined) return before
    const rule = rules.find(({ matches }) => matches.some(match => match(HostName) || match(Host)))
    const found = (rule?.inZone ?? everywhere)(Zone)
    if (known.size >= MOST_REMEMBERED) known.clear()
    known.set(key, found)
    return found
  }
}

type SiteConfig = Partial<Config['sites'][number]>

/** A site by the zone that a host says, made once for each. Senders may say any number of zones. */
function inZones(factors: Config['factors'], site: SiteConfig): (zone: string) => Site {
  const ownZone = site.zone ?? factors.zone
  // Made at once, so that what cannot be is refused at start.
  const made = new Map([[ownZone, siteOf(factors, site, ownZone)]])
  return said => {
    const zone = site.zone ?? (said === '' ? factors.zone : said)
    let one = made.get(zone)
    if (one === undefined) {
      one = siteOf(factors, site, zone)
      if (made.size >= MOST_REMEMBERED) made.clear()
      made.set(zone, one)
    }
    return one
  }
}

/** What a site does not say is as in `factors`. */
function siteOf(factors: Config['factors'], site: SiteConfig, zone: string): Site {
  return {
    zone: zoneName(zone),
    name: site.name ?? '',
    pue: configuredPue(factors, site),
    pueSource: site.pue === undefined ? 'default' : 'site',
    embodied: configuredEmbodied(factors, site),
    operatorAccount: site.operator_account ?? null,
  }
}
