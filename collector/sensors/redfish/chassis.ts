/** Finds the chassis that is a host, and how it shows its power. */
import { ControllerError } from '../host/controller.ts'
import type { RedfishClient, RedfishResource } from './client.ts'
import { linkIn, membersOf, objectIn, objectsIn, textIn } from './fields.ts'
import { CHASSIS_SOURCES, type ChassisPower, type ChassisSource } from './sources.ts'

/** A chassis with the way in which it shows its power. */
export interface FoundChassis {
  readonly id: string
  readonly chassis: RedfishResource
  readonly source: ChassisSource
  /** What it showed when it was found. */
  readonly first: ChassisPower
}

/** Parts of a machine that are chassis of their own in the model: boards, modules, drawers of disks. */
const PARTS =
  /^(Component|Module|Card|Zone|Expansion|ExpansionEnclosure|IPBasedDrive|StorageEnclosure|Cartridge|HeatExchanger|ImmersionTank|PowerStrip|Other)$/
const MOST_CHASSIS = 64

/**
 * The chassis with this id, or the only one that is a machine. @throws ControllerError if there is none, or several
 * machines without a name: their power must not be added, or taken for each other's
 */
export async function findChassis(
  client: RedfishClient,
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<FoundChassis> {
  const all = await readAll(client, signal)
  const named = all.filter(chassis => idOf(chassis) === wanted)
  if (wanted !== undefined && named.length === 0) {
    throw new ControllerError('unsupported', `It has no chassis ${wanted}. It has: ${namesOf(all)}.`)
  }
  const [first, ...others] = outermost(
    await firstThatShow(client, wanted === undefined ? likelyFirst(all) : [named], signal),
  )
  if (first === undefined) {
    throw new ControllerError(
      'unsupported',
      `None of its chassis shows its power: ${namesOf(wanted === undefined ? all : named)}. A licence of the maker may be missing.`,
    )
  }
  if (others.length > 0) {
    throw new ControllerError(
      'unsupported',
      `Several of its chassis show their power: ${namesOf([first, ...others].map(({ chassis }) => chassis))}. Name one for each host, as in ${'`https://ADDRESS#'}${first.id}${'`'}.`,
    )
  }
  return first
}

async function readAll(client: RedfishClient, signal: AbortSignal): Promise<RedfishResource[]> {
  const root = await client.get('/redfish/v1/', signal, true)
  if (root === undefined)
    throw new ControllerError('unsupported', 'It has no Redfish service at /redfish/v1/.')
  const collection = await client.get(linkIn(root, 'Chassis') ?? '/redfish/v1/Chassis', signal, true)
  const all: RedfishResource[] = []
  for (const member of membersOf(collection).slice(0, MOST_CHASSIS)) {
    const chassis = await client.get(member, signal, true)
    if (chassis !== undefined) all.push(chassis)
  }
  return all
}

const idOf = (chassis: RedfishResource): string =>
  textIn(chassis, 'Id') || lastPart(textIn(chassis, '@odata.id'))
const lastPart = (path: string): string => path.replace(/\/$/, '').replace(/^.*\//, '')
const namesOf = (all: readonly RedfishResource[]): string => all.map(idOf).join(', ') || 'none'

/** Chassis with a computer inside, then those that are not parts, then all: some services say neither. */
function likelyFirst(all: readonly RedfishResource[]): readonly (readonly RedfishResource[])[] {
  const whole = all.filter(chassis => !PARTS.test(textIn(chassis, 'ChassisType')))
  const computers = whole.filter(
    chassis => objectsIn(objectIn(chassis, 'Links'), 'ComputerSystems').length > 0,
  )
  return [computers, whole, all]
}

async function firstThatShow(
  client: RedfishClient,
  groups: readonly (readonly RedfishResource[])[],
  signal: AbortSignal,
): Promise<FoundChassis[]> {
  const asked = new Set<RedfishResource>()
  for (const group of groups) {
    const found: FoundChassis[] = []
    for (const chassis of group) {
      if (asked.has(chassis)) continue
      asked.add(chassis)
      const shown = await showsPower(client, chassis, signal)
      if (shown !== undefined) found.push({ id: idOf(chassis), chassis, ...shown })
    }
    if (found.length > 0) return found
  }
  return []
}

/** A chassis inside another one that shows its power is already part of that. */
function outermost(found: readonly FoundChassis[]): readonly FoundChassis[] {
  const paths = new Set(found.map(({ chassis }) => textIn(chassis, '@odata.id')))
  return found.filter(({ chassis }) => !paths.has(linkIn(objectIn(chassis, 'Links'), 'ContainedBy') ?? ''))
}

async function showsPower(client: RedfishClient, chassis: RedfishResource, signal: AbortSignal) {
  for (const source of CHASSIS_SOURCES) {
    const first = await source(client, chassis, signal)
    if (first !== undefined) return { source, first }
  }
  return undefined
}
