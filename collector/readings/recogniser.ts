import type { MappingRow } from '../../core/mappings/row.ts'
import type { DecodeContext } from '../otlp/decode/decode-context.ts'
import type { RegionUnknown } from './identity/host-zone.ts'
import { Identities } from './identity/identities.ts'
import { mappingsOf } from './mappings/mappings.ts'
import { RuleTable } from './mappings/rule.ts'
import { RecognisedPoints } from './recognised-points.ts'

/**
 * Memory for cached identities: enough for about 14,000 containers with two metrics each. Beyond that, readings are
 * still recognised, at several times the cost.
 */
const IDENTITY_BYTES = 33_554_432

/**
 * Recognises power and usage readings among metrics. The same metric always gives the same readings, and a repeated
 * sample gives the same reading again (which counters make harmless): the cache only avoids examining the same labels
 * again.
 */
export interface Recogniser {
  /** Starts a request: receives its points and collects the readings among them. */
  begin(context: DecodeContext): RecognisedPoints
  /** A machine with this id has this name: data with only the name belongs to it. */
  learn(tenant: string, name: string, id: string): void
}

interface RecogniserOptions {
  readonly identityBytes?: number
  /** Names of hosts that stand for no other host. */
  readonly separate?: readonly string[]
  /** Points that are readings are not stored as metrics besides. */
  readonly drops?: boolean
  /** Mappings of the configuration. */
  readonly mappings?: readonly MappingRow[]
  /** Called once for each cloud region that is in no table, so that its hosts get no zone from it. */
  readonly regionUnknown?: RegionUnknown
}

/** `identityBytes` limits the memory for cached series. */
export function createRecogniser({
  identityBytes = IDENTITY_BYTES,
  separate = [],
  drops = false,
  mappings = [],
  regionUnknown,
}: RecogniserOptions = {}): Recogniser {
  const identities = new Identities(
    identityBytes,
    separate,
    regionUnknown === undefined ? undefined : once(regionUnknown),
  )
  const rules = new RuleTable(mappingsOf(mappings))
  return {
    begin: context => new RecognisedPoints(identities, rules, context, drops),
    learn: (tenant, name, id) => identities.names.learn(tenant, name, id),
  }
}

/** Region names that were reported already; senders may invent any number of them. */
const MOST_REGIONS = 1_000
const LONGEST_REGION = 100

function once(tell: RegionUnknown): RegionUnknown {
  const told = new Set<string>()
  return region => {
    if (told.size >= MOST_REGIONS || told.has(region)) return
    told.add(region)
    tell(region.slice(0, LONGEST_REGION))
  }
}
