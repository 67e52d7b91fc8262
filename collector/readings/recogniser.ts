import type { DecodeContext } from '../otlp/decode/decode-context.ts'
import type { RegionUnknown } from './identity/host-zone.ts'
import { Identities } from './identity/identities.ts'
import { RecognisedPoints } from './recognised-points.ts'

/**
 * Memory for identities of series: enough for about 14,000 containers with two metrics each. Beyond that readings are
 * recognised all the same, at several times the cost.
 */
const IDENTITY_BYTES = 33_554_432

/**
 * Finds power and usage readings among metrics. The same metric always gives the same readings and a sample sent twice is
 * the same reading twice (counters make that harmless): what is remembered only spares looking at the same labels again.
 */
export interface Recogniser {
  /** Takes the points of one request: what of them are readings. */
  begin(context: DecodeContext): RecognisedPoints
  /** A machine of this id has this name: what is sent under the name alone is its own. */
  learn(tenant: string, name: string, id: string): void
}

interface RecogniserOptions {
  readonly identityBytes?: number
  /** Configured names of hosts, by other names of theirs. */
  readonly aliases?: Readonly<Record<string, string>>
  /** Hears once of each cloud region that is in no table, so that its hosts get no zone from it. */
  readonly regionUnknown?: RegionUnknown
}

/** `identityBytes` bounds the memory for remembered series. */
export function createRecogniser({
  identityBytes = IDENTITY_BYTES,
  aliases = {},
  regionUnknown,
}: RecogniserOptions = {}): Recogniser {
  const identities = new Identities(
    identityBytes,
    new Map(Object.entries(aliases)),
    regionUnknown === undefined ? undefined : once(regionUnknown),
  )
  return {
    begin: context => new RecognisedPoints(identities, context),
    learn: (tenant, name, id) => identities.names.learn(tenant, name, id),
  }
}

/** Region names that are remembered as told; senders may invent any number of them. */
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
