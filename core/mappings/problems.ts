/** Checks mappings from configuration: each must say what it measures, exactly, and no metric may be read in two ways. */
import { domainKindOf } from '../books/domains.ts'
import { QUANTITIES, type Quantity } from '../books/quantities.ts'
import { unitOfMeasure } from '../model/units.ts'
import { areDisjoint, type LabelCondition, parseConditions } from './condition.ts'
import type { BuiltInRow, MappingRow, TemplateText } from './row.ts'
import { parseScale } from './scale.ts'
import { fixedStart, parseTemplate, type Template } from './template.ts'

/** A problem of a row; `path` is relative to the list: `0.unit`. */
export interface MappingProblem {
  readonly path: string
  readonly problem: string
}

/** Measures of memory, best first, and of requests: what `domain` may be for them. */
const MEASURES: Readonly<Partial<Record<Quantity, readonly string[]>>> = {
  memory: ['working_set', 'usage', 'rss'],
  cpu_request: ['current', 'desired'],
  memory_request: ['current', 'desired'],
  gpu_request: ['current', 'desired'],
  network_io: ['receive', 'transmit'],
}

/** Texts of a template, in order. */
export const alternatives = (text: TemplateText): readonly string[] =>
  typeof text === 'string' ? [text] : text

/** All problems of the rows. `builtIn`: the table that they are added to. */
export function mappingProblems(
  rows: readonly MappingRow[],
  builtIn: readonly BuiltInRow[],
): readonly MappingProblem[] {
  return rows.flatMap((row, index) =>
    [...problemsOf(row), ...ambiguities(row, rows.slice(0, index), builtIn)].map(({ path, problem }) => ({
      path: path === '' ? `${index}` : `${index}.${path}`,
      problem,
    })),
  )
}

function problemsOf(row: MappingRow): MappingProblem[] {
  const problems: MappingProblem[] = [...unitProblems(row), ...placeProblems(row)]
  for (const [path, text] of templatesOf(row)) {
    for (const one of alternatives(text)) {
      const parsed = parseTemplate(one)
      if ('problem' in parsed) problems.push({ path, problem: parsed.problem })
    }
  }
  const conditions = parseConditions(row.when ?? {})
  if ('problem' in conditions) problems.push({ path: 'when', problem: conditions.problem })
  return problems
}

function unitProblems({ quantity, unit, scale, value }: MappingRow): MappingProblem[] {
  const { base } = QUANTITIES[quantity]
  const found = unitOfMeasure(unit)
  if (found === null) {
    return [
      {
        path: 'unit',
        problem: `${JSON.stringify(unit)} is not a unit. Write it as in UCUM: ${EXAMPLES[base]}`,
      },
    ]
  }
  if (found.dimension !== unitOfMeasure(base)!.dimension) {
    return [
      {
        path: 'unit',
        problem: `${JSON.stringify(unit)} does not measure ${quantity}. Use a unit such as ${EXAMPLES[base]}`,
      },
    ]
  }
  return [
    ['scale', scale],
    ['value', value],
  ].flatMap(([path, text]) =>
    path === undefined || text === undefined || parseScale(text) !== null
      ? []
      : [{ path, problem: 'must be a number above 0 in quotes, such as "0.1" or "1/7"' }],
  )
}

const EXAMPLES = {
  J: 'J, mJ, kWh',
  W: 'W, mW, dW',
  s: 's, ms, ns',
  By: 'By, KiBy, MBy',
  '1': '1, %, millicores',
} as const

function placeProblems(row: MappingRow): MappingProblem[] {
  const { quantity, workload, domain } = row
  if (quantity === 'identity') return identityProblems(row)
  if (row.alias !== undefined) {
    return [{ path: 'alias', problem: 'is for quantity identity alone: remove it' }]
  }
  if (quantity === 'energy' || quantity === 'power' || quantity.startsWith('energy_')) {
    if (workload !== undefined) {
      return [
        {
          path: 'workload',
          problem: `${quantity} belongs to a meter, not to a workload: energy is divided among workloads here. Remove it, and name the meter in domain`,
        },
      ]
    }
    return meterProblems(domain)
  }
  if (quantity === 'cpu_time' && workload === undefined) {
    return domain === undefined
      ? [
          {
            path: 'domain',
            problem: 'is missing: name the label of the CPU mode, such as {mode}, or add workload',
          },
        ]
      : []
  }
  if (quantity.startsWith('gpu_') && quantity !== 'gpu_request') return boardProblems(domain)
  if (workload === undefined) {
    return [{ path: 'workload', problem: `is missing: ${quantity} is what a workload uses` }]
  }
  const measures = MEASURES[quantity]
  if (measures === undefined || (typeof domain === 'string' && measures.includes(domain))) return []
  return [{ path: 'domain', problem: `must be one of ${measures.join(', ')} for ${quantity}` }]
}

/** It names a workload, or says another name of a host. */
function identityProblems({ workload, alias, host }: MappingRow): MappingProblem[] {
  if ((workload === undefined) === (alias === undefined)) {
    return [{ path: 'workload', problem: 'or alias must say who is meant: one of them' }]
  }
  return alias !== undefined && host === undefined
    ? [{ path: 'host', problem: 'is missing: it has the alias' }]
    : []
}

function meterProblems(domain: TemplateText | undefined): MappingProblem[] {
  if (domain === undefined) {
    return [
      { path: 'domain', problem: 'is missing: name the meter, such as host, package-{socket} or gpu-{uuid}' },
    ]
  }
  return alternatives(domain).flatMap(text => {
    const template = parseTemplate(text)
    if ('problem' in template || isMeter(template)) return []
    return [
      {
        path: 'domain',
        problem: `${JSON.stringify(text)} is not a meter. Use host, or begin with package-, core-, uncore-, dram- or gpu-`,
      },
    ]
  })
}

function boardProblems(domain: TemplateText | undefined): MappingProblem[] {
  const isBoard = (text: string): boolean => /^gpu-./.test(text)
  if (domain !== undefined && alternatives(domain).every(isBoard)) return []
  return [{ path: 'domain', problem: 'must name the board, such as gpu-{uuid}' }]
}

function isMeter(template: Template): boolean {
  const start = fixedStart(template)
  if (start === 'host' || start === 'psys') return template.length === 1
  const kind = domainKindOf(start)
  return (
    kind !== undefined &&
    start.startsWith(`${kind}-`) &&
    (template.length > 1 || start.length > kind.length + 1)
  )
}

/** Another row that may read the same points. */
function ambiguities(
  row: MappingRow,
  earlier: readonly MappingRow[],
  builtIn: readonly BuiltInRow[],
): MappingProblem[] {
  const mine = conditionsOf(row)
  if (mine === null) return []
  const meets = (other: MappingRow): boolean => {
    const theirs = conditionsOf(other)
    return other.metric === row.metric && theirs !== null && !areDisjoint(mine, theirs)
  }
  const at = earlier.findIndex(meets)
  if (at >= 0) {
    return [
      {
        path: 'metric',
        problem: `mappings.${at} may read the same points. Tell them apart by when, or remove one`,
      },
    ]
  }
  const other = builtIn.find(meets)
  if (row.replaces === true) {
    return builtIn.some(({ metric }) => metric === row.metric)
      ? []
      : [{ path: 'replaces', problem: `there is no built-in mapping of ${row.metric}. Remove the key` }]
  }
  return other === undefined
    ? []
    : [
        {
          path: 'metric',
          problem: `is already read as ${other.quantity} (${other.source}). Remove this mapping, tell them apart by when, or set replaces: true`,
        },
      ]
}

function conditionsOf({ when = {} }: MappingRow): readonly LabelCondition[] | null {
  const conditions = parseConditions(when)
  return 'problem' in conditions ? null : conditions
}

function* templatesOf(row: MappingRow): Generator<readonly [path: string, text: TemplateText]> {
  for (const key of ['host', 'alias', 'domain', 'device'] as const) {
    const text = row[key]
    if (text !== undefined) yield [key, text]
  }
  const { workload } = row
  if (workload === undefined) return
  for (const key of ['id', 'name', 'namespace'] as const) {
    const text = workload[key]
    if (text !== undefined) yield [`workload.${key}`, text]
  }
  for (const [key, text] of Object.entries(workload.labels ?? {})) yield [`workload.labels.${key}`, text]
}
