/**
 * Where services show the power of a chassis. Newer ones have EnvironmentMetrics, older ones Power, some only power
 * supplies or sensors; each function reads one of these and gives nothing where the service does not have it.
 */
import type { RedfishClient, RedfishResource } from './client.ts'
import { isEnabled, linkIn, membersOf, numberIn, objectIn, objectsIn, textIn } from './fields.ts'
import { type EnergyField, milliwattsOf } from './quantities.ts'

/** What a chassis shows: its power, and a counter as it was written. */
export interface ChassisPower {
  readonly milliwatts?: bigint
  readonly energy?: { readonly field: EnergyField; readonly value: number; readonly life: string }
}

/** Reads a chassis in one way; undefined: it does not show its power so. */
export type ChassisSource = (
  client: RedfishClient,
  chassis: RedfishResource,
  signal: AbortSignal,
) => Promise<ChassisPower | undefined>

const hasValue = ({ milliwatts, energy }: ChassisPower): boolean =>
  milliwatts !== undefined || energy !== undefined

/** EnvironmentMetrics: the whole chassis, with counters. */
const fromEnvironment: ChassisSource = async (client, chassis, signal) => {
  const link = linkIn(chassis, 'EnvironmentMetrics')
  const metrics = link === undefined ? undefined : await client.get(link, signal)
  const milliwatts = milliwattsOf(numberIn(objectIn(metrics, 'PowerWatts'), 'Reading'))
  const energy = energyIn(metrics)
  const found = {
    ...(milliwatts === undefined ? {} : { milliwatts }),
    ...(energy === undefined ? {} : { energy }),
  }
  return hasValue(found) ? found : undefined
}

/** Joules are finer than kilowatt-hours. */
function energyIn(resource: RedfishResource | undefined): ChassisPower['energy'] {
  for (const field of ['EnergyJoules', 'EnergykWh'] as const) {
    const sensor = objectIn(resource, field)
    const value = numberIn(sensor, 'Reading')
    // 0: implemented, but not measured; a counter of 0 says nothing anyway.
    if (value !== undefined && value > 0) return { field, value, life: textIn(sensor, 'SensorResetTime') }
  }
  return undefined
}

/** Parts of a machine that some services list beside the whole. */
const PARTS =
  /^(CPU|CPUSubsystem|Memory|MemorySubsystem|GPU|GPUSubsystem|Accelerator|ASIC|FPGA|Fan|StorageDevice|StorageSubsystem|StorageBay|NetworkingDevice|PowerSupplyBay|VoltageRegulator)$/

/** Power, deprecated in 2020 and on most machines: the control of the whole, else the inputs of the power supplies. */
const fromPower: ChassisSource = async (client, chassis, signal) => {
  const link = linkIn(chassis, 'Power')
  const power = link === undefined ? undefined : await client.get(link, signal)
  if (power === undefined) return undefined
  const controls = objectsIn(power, 'PowerControl').filter(
    control => isEnabled(control) && !PARTS.test(textIn(control, 'PhysicalContext')),
  )
  // The whole comes first; further controls are subsystems or nodes.
  const watts = controls
    .map(control => numberIn(control, 'PowerConsumedWatts'))
    .find(found => found !== undefined)
  const milliwatts = milliwattsOf(watts) ?? sumOfSupplies(objectsIn(power, 'PowerSupplies'))
  return milliwatts === undefined ? undefined : { milliwatts }
}

/** What power supplies take from the wall, else what they give; undefined if one that works does not say. */
function sumOfSupplies(supplies: readonly RedfishResource[]): bigint | undefined {
  const working = supplies.filter(isEnabled)
  const inputs = working.map(supply =>
    milliwattsOf(
      numberIn(supply, 'PowerInputWatts') ??
        numberIn(supply, 'LastPowerOutputWatts') ??
        numberIn(supply, 'PowerOutputWatts'),
    ),
  )
  return sumOfAll(inputs)
}

const sumOfAll = (parts: readonly (bigint | undefined)[]): bigint | undefined =>
  parts.length === 0 || parts.includes(undefined)
    ? undefined
    : parts.reduce<bigint>((sum, part) => sum + part!, 0n)

/** PowerSubsystem: the metrics of each power supply. */
const fromPowerSubsystem: ChassisSource = async (client, chassis, signal) => {
  const link = linkIn(chassis, 'PowerSubsystem')
  const subsystem = link === undefined ? undefined : await client.get(link, signal, true)
  const list = linkIn(subsystem, 'PowerSupplies')
  const supplies = list === undefined ? undefined : await client.get(list, signal, true)
  const inputs: (bigint | undefined)[] = []
  for (const member of membersOf(supplies)) {
    const supply = await client.get(member, signal)
    if (supply === undefined || !isEnabled(supply)) continue
    const metricsLink = linkIn(supply, 'Metrics')
    const metrics = metricsLink === undefined ? undefined : await client.get(metricsLink, signal)
    inputs.push(
      milliwattsOf(
        numberIn(objectIn(metrics, 'InputPowerWatts'), 'Reading') ??
          numberIn(objectIn(metrics, 'OutputPowerWatts'), 'Reading'),
      ),
    )
  }
  const milliwatts = sumOfAll(inputs)
  return milliwatts === undefined ? undefined : { milliwatts }
}

/** Names of the sensor of the whole machine: OpenBMC (total_power), Dell, Supermicro, Intel and others. */
const WHOLE =
  /total_?power|power_?total|(system|sys|chassis|node|server)_?(board_)?(pwr|power)|pwr_?consumption|power_?consumption/i

/** Sensors: the one of kind Power that stands for the whole. */
const fromSensors: ChassisSource = async (client, chassis, signal) => {
  const link = linkIn(chassis, 'Sensors')
  const collection = link === undefined ? undefined : await client.get(link, signal, true)
  const named = membersOf(collection).filter(member => WHOLE.test(member.slice(member.lastIndexOf('/') + 1)))
  for (const member of named.slice(0, MOST_SENSORS)) {
    const sensor = await client.get(member, signal)
    if (sensor === undefined || textIn(sensor, 'ReadingType') !== 'Power' || !isEnabled(sensor)) continue
    const milliwatts = milliwattsOf(numberIn(sensor, 'Reading'))
    if (milliwatts !== undefined) return { milliwatts }
  }
  return undefined
}
const MOST_SENSORS = 8

/** In order of preference: measurements of the whole before sums of parts. */
export const CHASSIS_SOURCES: readonly ChassisSource[] = [
  fromEnvironment,
  fromPower,
  fromSensors,
  fromPowerSubsystem,
]
