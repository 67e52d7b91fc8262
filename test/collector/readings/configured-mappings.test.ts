/** Guarantees: mappings of the configuration read points as they say, before the built-in ones, which `replaces` removes. */
import { expect, test } from 'vitest'
import { createRecogniser } from '../../../collector/readings/recogniser.ts'
import type { MappingRow } from '../../../core/mappings/row.ts'
import type { LabelMap } from '../../../core/model/label-text.ts'
import { CONTEXT } from '../otlp/decode/support.ts'
import { recognisedIn, requestOf } from './recognising.ts'

const T = 1_700_000_000_000_000_000n
const PDU: MappingRow = {
  source: 'rack_pdu',
  metric: 'rack_pdu_outlet_energy_steps',
  quantity: 'energy',
  unit: 'kWh',
  scale: '0.1',
  host: 'rack-{rack}/outlet-{outlet}',
  elsewhere: true,
  domain: 'host',
  device: '{outlet}',
}
const JOB: MappingRow = {
  source: 'batch',
  metric: 'batch_cpu_seconds_total',
  quantity: 'cpu_time',
  unit: 's',
  when: { state: 'running', queue: '/^gpu-(?<queue>.+)$/' },
  workload: {
    kind: 'slurm_job',
    id: ['{job_uid}', '{job_id}'],
    namespace: '{queue}',
    labels: { project_id: '{account|"unknown"}' },
  },
}

function read(mappings: readonly MappingRow[], name: string, value: number, labels: LabelMap): string {
  const recogniser = createRecogniser({ mappings })
  const body = requestOf([
    {
      name,
      kind: 'gauge',
      temporality: 0,
      monotonic: false,
      resource: { 'service.instance.id': 'exporter:9100' },
      points: [{ timeUnixNano: T, startTimeUnixNano: 0n, value, attributes: labels }],
    },
  ])
  const context = { ...CONTEXT, limits: { ...CONTEXT.limits, futureNano: T } }
  const { readings, ignored } = recognisedIn(body, context, recogniser)
  const lines = readings.map(row =>
    [
      row.Host,
      row.Quantity,
      row.Domain,
      row.Device,
      row.WorkloadKind,
      row.WorkloadId,
      row.Value,
      row.Source,
    ].join(' '),
  )
  return [...lines, ...ignored.keys()].join()
}

test('an outlet is a part of the meter of a host by the name of the outlet, in exact steps', () => {
  const name = 'rack_pdu_outlet_energy_steps'
  expect(read([PDU], name, 48_211, { rack: 'r7', outlet: '3' })).toBe(
    'rack-r7/outlet-3 energy host 3   17355960000000000 rack_pdu:rack_pdu_outlet_energy_steps',
  )
  expect(read([PDU], name, 1, { outlet: '3' })).toBe('no_host')
  expect(read([], name, 1, { rack: 'r7', outlet: '3' })).toBe('')
})

test('conditions, groups of patterns, alternatives and fallbacks', () => {
  const name = 'batch_cpu_seconds_total'
  const labels = { state: 'running', queue: 'gpu-a100', job_id: '17' }
  expect(read([JOB], name, 1.5, labels)).toBe(
    'exporter cpu_time   slurm_job 17 1500000 batch:batch_cpu_seconds_total',
  )
  expect(read([JOB], name, 1.5, { ...labels, job_uid: 'u-1' })).toContain('slurm_job u-1')
  expect(read([JOB], name, 1.5, { ...labels, state: 'pending' })).toBe('label')
  expect(read([JOB], name, 1.5, { ...labels, queue: 'cpu' })).toBe('label')
  expect(read([JOB], name, 1.5, { state: 'running', queue: 'gpu-x' })).toBe('no_workload')
})

test('a mapping replaces the built-in ones of its metric, or stands before them', () => {
  const metric = 'ipmi_power_watts'
  const row: MappingRow = { source: 'site', metric, quantity: 'power', unit: 'W', domain: 'package-{id}' }
  const cpu = { id: '0', name: 'CPU Power' }
  const whole = { id: '9', name: 'Pwr Consumption' }
  expect(read([{ ...row, when: { name: 'CPU Power' } }], metric, 80, cpu)).toContain('power package-0')
  expect(read([{ ...row, when: { name: 'CPU Power' } }], metric, 80, whole)).toContain('power host')
  expect(read([{ ...row, replaces: true }], metric, 80, whole)).toContain('power package-9')
})
