/**
 * Where the regions of cloud providers are on the grid. Locations are those that the providers publish; zones within a
 * country are those of Electricity Maps in which the place lies.
 */
import type { ProviderRegions } from './cloud-region.ts'
import { ALIBABA } from './regions-alibaba.ts'
import { AWS } from './regions-aws.ts'
import { AZURE } from './regions-azure.ts'
import { GOOGLE } from './regions-google.ts'
import { ORACLE } from './regions-oracle.ts'
import { OTHERS } from './regions-others.ts'

/** Every provider whose regions are known. */
export const CLOUD_REGIONS: readonly ProviderRegions[] = [AWS, GOOGLE, AZURE, ALIBABA, ORACLE, ...OTHERS]

/** Where something runs, as it says itself; '' for what it does not say. */
export interface CloudPlace {
  readonly provider: string
  readonly region: string
  readonly availabilityZone: string
}

/**
 * The grid zone of a cloud region; null when the region is not known, and when no provider is given and providers of that
 * region name disagree (`eu-west-1` is Ireland at one and London at another).
 */
export function zoneOfCloud({ provider, region, availabilityZone }: CloudPlace): string | null {
  const lists = listsOf(provider)
  const isNamed = provider !== ''
  const [area, part] = [plain(region), plain(availabilityZone)]
  const byPart = part === '' ? null : zoneOfFirst(lists, regionsAround(part), isNamed)
  if (byPart !== null) return byPart
  // `us-west-2-lax-1a` is a zone of us-west-2 that stands elsewhere.
  if (area === '' || part.startsWith(`${area}-`)) return null
  return zoneOfFirst(lists, [area], isNamed)
}

/** Without the provider a code of up to three letters may mean anything. */
const SHORTEST_ALONE = 4

function zoneOfFirst(
  lists: readonly ReadonlyMap<string, string>[],
  names: readonly string[],
  isNamed: boolean,
): string | null {
  for (const name of names) {
    if (!isNamed && name.length < SHORTEST_ALONE) continue
    const zones = new Set(lists.flatMap(list => list.get(name) ?? []))
    const [zone] = zones
    if (zone !== undefined) return zones.size === 1 ? zone : null
  }
  return null
}

/** How providers write availability zones: `eu-west-1a`, `europe-west1-b`, `westeurope-1`, `x:eu-frankfurt-1-ad-1`, `fsn1-dc14`. */
const PARTS = [/^(.+)-ad-\d+$/, /^(.+-\d+)[a-z]$/, /^(.+)-[a-z]$/, /^(.+)-\d+$/, /^(.+)-dc\d+$/]

/** Regions that an availability zone may be of, the likeliest first; the name itself may be one. */
function regionsAround(part: string): readonly string[] {
  const name = part.slice(part.indexOf(':') + 1)
  return [name, ...PARTS.flatMap(pattern => pattern.exec(name)?.[1] ?? [])]
}

/** Azure writes `West Europe` and `westeurope`. */
const plain = (text: string): string => text.toLowerCase().replaceAll(' ', '')

const BY_PROVIDER = new Map(
  CLOUD_REGIONS.flatMap(({ provider, aliases, regions }) => {
    const zones = new Map(regions.map(([region, , zone]) => [region, zone]))
    return [provider, ...aliases].map(name => [name, zones] as const)
  }),
)
const ALL = CLOUD_REGIONS.flatMap(({ provider }) => BY_PROVIDER.get(provider) ?? [])

/** The lists of a provider. None if its regions are not listed, since other providers may use the same names. */
function listsOf(provider: string): readonly ReadonlyMap<string, string>[] {
  if (provider === '') return ALL
  const list = BY_PROVIDER.get(provider.toLowerCase().replaceAll(/[ -]/g, '_'))
  return list === undefined ? [] : [list]
}
