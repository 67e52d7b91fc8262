/** Trees of resources in the shapes of several makers; only the parts that matter here. */
import type { Tree } from './service.ts'

const link = (path: string) => ({ '@odata.id': path })
const root = { Chassis: link('/redfish/v1/Chassis') }
const collection = (...paths: string[]) => ({ 'Members@odata.count': paths.length, Members: paths.map(link) })

interface ChassisFacts {
  readonly type?: string
  readonly systems?: readonly string[]
  readonly containedBy?: string
  readonly more?: object
}

export const chassis = (
  id: string,
  { type = 'RackMount', systems = ['1'], containedBy, more }: ChassisFacts = {},
) => ({
  '@odata.id': `/redfish/v1/Chassis/${id}`,
  Id: id,
  ChassisType: type,
  Links: {
    ComputerSystems: systems.map(system => link(`/redfish/v1/Systems/${system}`)),
    ...(containedBy === undefined ? {} : { ContainedBy: link(`/redfish/v1/Chassis/${containedBy}`) }),
  },
  ...more,
})

export function service(resources: Tree, ...all: ReturnType<typeof chassis>[]): Tree {
  return {
    '/redfish/v1': root,
    '/redfish/v1/Chassis': collection(...all.map(one => one['@odata.id'])),
    ...Object.fromEntries(all.map(one => [one['@odata.id'], one])),
    ...resources,
  }
}

const POWER = (id: string) => ({ Power: link(`/redfish/v1/Chassis/${id}/Power`) })

/** iDRAC 9: a chassis of disks beside the machine, whose Power has no reading. */
export const dell = (watts: unknown): Tree =>
  service(
    {
      '/redfish/v1/Chassis/System.Embedded.1/Power': {
        PowerControl: [
          {
            Name: 'System Power Control',
            PowerConsumedWatts: watts,
            PowerCapacityWatts: 1134,
            PowerMetrics: { AverageConsumedWatts: 228, IntervalInMin: 1 },
          },
        ],
        PowerSupplies: [{ PowerInputWatts: 120 }, { PowerInputWatts: 118 }],
      },
      '/redfish/v1/Chassis/Enclosure.Internal.0-1/Power': { PowerControl: [] },
    },
    chassis('System.Embedded.1', { more: POWER('System.Embedded.1') }),
    chassis('Enclosure.Internal.0-1', { type: 'StorageEnclosure', more: POWER('Enclosure.Internal.0-1') }),
  )

/** iLO 5: no reading of the control while the machine starts, then that of the power supplies. */
export const hpe = (watts: unknown, supplies: readonly unknown[]): Tree =>
  service(
    {
      '/redfish/v1/Chassis/1/Power': {
        PowerControl: [{ PowerConsumedWatts: watts, PowerCapacityWatts: 1600 }],
        PowerSupplies: supplies,
      },
    },
    chassis('1', { more: POWER('1') }),
  )

/** XClarity: the whole, then processors and memory. */
export const lenovo = (watts: number): Tree =>
  service(
    {
      '/redfish/v1/Chassis/1/Power': {
        PowerControl: [
          { Name: 'Server Power Control', PowerConsumedWatts: watts },
          { Name: 'CPU Sub-system Power', PowerConsumedWatts: 60, PhysicalContext: 'CPU' },
          { Name: 'Memory Sub-system Power', PowerConsumedWatts: 20, PhysicalContext: 'Memory' },
        ],
      },
    },
    chassis('1', { more: POWER('1') }),
  )

/** Supermicro: numbers as text. */
export const supermicro = (watts: string): Tree =>
  service(
    {
      '/redfish/v1/Chassis/1/Power': {
        PowerControl: [{ Name: 'System Power Control', PowerConsumedWatts: watts }],
      },
    },
    chassis('1', { more: POWER('1') }),
  )

/** OpenBMC: power as a sensor; a board as a second chassis without a computer. */
export const openBmc = (watts: unknown): Tree =>
  service(
    {
      '/redfish/v1/Chassis/chassis/Sensors': collection(
        '/redfish/v1/Chassis/chassis/Sensors/temperature_inlet',
        '/redfish/v1/Chassis/chassis/Sensors/power_psu0_input_power',
        '/redfish/v1/Chassis/chassis/Sensors/power_total_power',
      ),
      '/redfish/v1/Chassis/chassis/Sensors/power_total_power': {
        ReadingType: 'Power',
        ReadingUnits: 'W',
        Reading: watts,
        Status: { State: 'Enabled' },
      },
      '/redfish/v1/Chassis/board/Sensors': collection(),
    },
    chassis('chassis', { more: { Sensors: link('/redfish/v1/Chassis/chassis/Sensors') } }),
    chassis('board', {
      type: 'Component',
      systems: [],
      more: { Sensors: link('/redfish/v1/Chassis/board/Sensors') },
    }),
  )

/** The schema of today: EnvironmentMetrics with counters. */
export const modern = (metrics: object): Tree =>
  service(
    { '/redfish/v1/Chassis/1U/EnvironmentMetrics': metrics },
    chassis('1U', { more: { EnvironmentMetrics: link('/redfish/v1/Chassis/1U/EnvironmentMetrics') } }),
  )

/** Only power supplies have meters, one of two places is empty. */
export function supplies(watts: readonly (number | null)[]): Tree {
  const paths = watts.map((_, index) => `/redfish/v1/Chassis/1/PowerSubsystem/PowerSupplies/${index}`)
  return service(
    {
      '/redfish/v1/Chassis/1/PowerSubsystem': {
        PowerSupplies: link('/redfish/v1/Chassis/1/PowerSubsystem/PowerSupplies'),
      },
      '/redfish/v1/Chassis/1/PowerSubsystem/PowerSupplies': collection(...paths, `${paths[0]}-empty`),
      [`${paths[0]}-empty`]: { Status: { State: 'Absent' }, Metrics: link('/redfish/v1/none') },
      ...Object.fromEntries(
        paths.map(path => [path, { Status: { State: 'Enabled' }, Metrics: link(`${path}/Metrics`) }]),
      ),
      ...Object.fromEntries(
        paths.map((path, index) => [`${path}/Metrics`, { InputPowerWatts: { Reading: watts[index] } }]),
      ),
    },
    chassis('1', { more: { PowerSubsystem: link('/redfish/v1/Chassis/1/PowerSubsystem') } }),
  )
}

/** An enclosure that measures itself, with two blades that do so too. */
export const blades = (whole: number, ...each: number[]): Tree =>
  service(
    Object.fromEntries(
      [whole, ...each].map((watts, index) => [
        `/redfish/v1/Chassis/${index === 0 ? 'Enclosure' : `Blade${index}`}/Power`,
        { PowerControl: [{ PowerConsumedWatts: watts }] },
      ]),
    ),
    chassis('Enclosure', { type: 'Enclosure', systems: [], more: POWER('Enclosure') }),
    ...each.map((_, index) =>
      chassis(`Blade${index + 1}`, {
        type: 'Blade',
        systems: [String(index + 1)],
        containedBy: 'Enclosure',
        more: POWER(`Blade${index + 1}`),
      }),
    ),
  )
