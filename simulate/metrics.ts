/**
 * The data that one host sends in one round, as templates: metrics of the machine and of each container, with OTLP's
 * names.
 */
import {
  type FleetContainer,
  type FleetOptions,
  type Machine,
  RUN_ATTRIBUTE,
  runName,
  SOURCE_ATTRIBUTES,
} from './fleet.ts'
import {
  attributes,
  fixed64,
  integerField,
  join,
  type MessageTemplate,
  message,
  slot64,
  stringField,
} from './template.ts'

/** opentelemetry.proto.metrics.v1: field numbers. */
const REQUEST = { resourceMetrics: 1 } as const
const RESOURCE_METRICS = { resource: 1, scopeMetrics: 2 } as const
const SCOPE_METRICS = { scope: 1, metrics: 2 } as const
const METRIC = { name: 1, unit: 3, gauge: 5, sum: 7 } as const
const POINT = { attributes: 7, start: 2, time: 3, asDouble: 4, asInt: 6 } as const
const CUMULATIVE = 2

/** Values of `cpu.mode`, in the order of a host's counters. */
export const CPU_MODES = ['user', 'system', 'iowait', 'idle'] as const

/** Attributes that identify a machine and its fleet in every signal. */
export const machineAttributes = (options: FleetOptions, machine: Machine): Record<string, string> => ({
  'host.id': machine.id,
  'host.name': machine.name,
  'os.type': 'linux',
  ...SOURCE_ATTRIBUTES,
  [RUN_ATTRIBUTE]: runName(options),
})

/** Resource attributes of a container. */
export const fleetContainerAttributes = (container: FleetContainer): Record<string, string> => ({
  'k8s.namespace.name': container.namespace,
  'k8s.pod.name': container.pod,
  'k8s.pod.uid': container.podUid,
  'k8s.container.name': container.name,
  'container.id': container.id,
})

/** Energy counters of a machine, in the order of their slots: packages, memory, boards. */
export const machineMeters = (
  machine: Machine,
): readonly { readonly id: string; readonly type: string }[] => [
  ...Array.from({ length: machine.packages }, (_, index) => ({ id: String(index), type: 'cpu' })),
  ...Array.from({ length: machine.packages }, (_, index) => ({ id: String(index), type: 'memory' })),
  ...machine.gpus.map(id => ({ id, type: 'gpu' })),
]

/** Slots: time and value of each meter, then of each CPU mode. */
export function machineTemplate(options: FleetOptions, machine: Machine, startNano: bigint): MessageTemplate {
  const energy = machineMeters(machine).map(meter =>
    point({ 'hw.id': meter.id, 'hw.type': meter.type }, startNano),
  )
  const modes = CPU_MODES.map(mode => point({ 'cpu.mode': mode }, startNano))
  return resourceMetrics(machineAttributes(options, machine), [
    counter('hw.energy', 'J', energy),
    counter('system.cpu.time', 's', modes),
  ])
}

/** Slots: time and value of the CPU time, time and value of the memory. */
export function containerTemplate(
  options: FleetOptions,
  machine: Machine,
  container: FleetContainer,
  startNano: bigint,
): MessageTemplate {
  const resource = { ...machineAttributes(options, machine), ...fleetContainerAttributes(container) }
  return resourceMetrics(resource, [
    counter('container.cpu.time', 's', [point({}, startNano)]),
    message(
      SCOPE_METRICS.metrics,
      stringField(METRIC.name, 'container.memory.working_set'),
      stringField(METRIC.unit, 'By'),
      message(METRIC.gauge, message(1, slot64(POINT.time), slot64(POINT.asInt))),
    ),
  ])
}

function resourceMetrics(
  resource: Readonly<Record<string, string>>,
  metrics: readonly MessageTemplate[],
): MessageTemplate {
  return message(
    REQUEST.resourceMetrics,
    message(RESOURCE_METRICS.resource, ...attributes(1, resource)),
    message(
      RESOURCE_METRICS.scopeMetrics,
      message(SCOPE_METRICS.scope, stringField(1, 'wattline/simulate')),
      ...metrics,
    ),
  )
}

const counter = (name: string, unit: string, points: readonly MessageTemplate[]): MessageTemplate =>
  message(
    SCOPE_METRICS.metrics,
    stringField(METRIC.name, name),
    stringField(METRIC.unit, unit),
    message(
      METRIC.sum,
      ...points.map(one => message(1, one)),
      integerField(2, CUMULATIVE),
      integerField(3, 1),
    ),
  )

const point = (labels: Readonly<Record<string, string>>, startNano: bigint): MessageTemplate =>
  join([
    ...attributes(POINT.attributes, labels),
    fixed64(POINT.start, startNano),
    slot64(POINT.time),
    slot64(POINT.asDouble),
  ])
