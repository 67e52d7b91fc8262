/** Makes rows of the table ready to read points. */
import { isCounter } from '../../../core/books/quantities.ts'
import { matchConditions, parseConditions } from '../../../core/mappings/condition.ts'
import { alternatives } from '../../../core/mappings/problems.ts'
import type { BuiltInRow, MappingWorkload, TemplateText } from '../../../core/mappings/row.ts'
import { parseScale } from '../../../core/mappings/scale.ts'
import {
  type LabelReader,
  parseTemplate,
  renderTemplate,
  type Template,
} from '../../../core/mappings/template.ts'
import { divideHalfEven } from '../../../core/model/decimal.ts'
import type { LabelMap } from '../../../core/model/label-text.ts'
import { cpuMode } from './cpu-mode.ts'
import { own } from './labels.ts'
import type { Captures, IgnoredReason, Located, MappedWorkload, Mapping, PointContext } from './mapping.ts'
import { readerOf } from './readers.ts'
import { type UnitFactor, unitFactor } from './unit.ts'
import { workload } from './workload.ts'

/** @throws TypeError for a row that `mappingProblems` refuses */
export function compileRow(row: BuiltInRow): Mapping {
  return {
    source: row.source,
    metric: row.metric,
    quantity: row.quantity,
    isCounter: isCounter(row.quantity),
    factor: factorOf(row),
    unitAs: row.unit_as ?? '',
    value: constantOf(row),
    match: matcherOf(row),
    hostOf: row.host === undefined ? null : hostOf(textOf(row.host)),
    aliasOf: row.alias === undefined ? null : hostOf(textOf(row.alias)),
    ...(row.domain === 'host' ? { isHostMeter: true } : {}),
    ...(row.elsewhere === true ? { isElsewhere: true } : {}),
    ...(row.typed === true ? {} : { untyped: true }),
    ...(row.zero_is_none === true ? { zeroIsNone: true } : {}),
    locate: locatorOf(row),
  }
}

function factorOf({ quantity, unit, scale, metric }: BuiltInRow): UnitFactor {
  const by = unitFactor(quantity, unit, scale === undefined ? ONE : (parseScale(scale) ?? ONE))
  if (by === null) throw new TypeError(`mapping of ${metric}: ${unit} is not a unit of ${quantity}`)
  return by
}

function constantOf({ value, quantity, unit, metric }: BuiltInRow): bigint | null {
  if (value === undefined) return null
  const by = unitFactor(quantity, unit, parseScale(value) ?? ONE)
  if (by === null) throw new TypeError(`mapping of ${metric}: ${unit} is not a unit of ${quantity}`)
  return divideHalfEven(by.numerator, by.denominator)
}

const ONE = { numerator: 1n, denominator: 1n }

function matcherOf({ when, metric }: BuiltInRow): Mapping['match'] {
  if (when === undefined) return null
  const conditions = parseConditions(when)
  if ('problem' in conditions) throw new TypeError(`mapping of ${metric}: ${conditions.problem}`)
  return place => matchConditions(conditions, readerFor(place))
}

const readerFor =
  ({ point, resource }: PointContext): LabelReader =>
  name =>
    own(point, name) || resource[name] || ''

/** Groups of patterns come before labels. */
const withCaptures = (place: PointContext, captures: Captures): LabelReader => {
  const read = readerFor(place)
  return name => captures[name] ?? read(name)
}

/** Fills the first template whose labels are all there; null: none has. */
type FillTemplate = (read: LabelReader) => string | null

function textOf(text: TemplateText): FillTemplate {
  const templates = alternatives(text).map(compileTemplate)
  return read => {
    for (const template of templates) {
      const filled = renderTemplate(template, read)
      if (filled !== null) return filled
    }
    return null
  }
}

function compileTemplate(text: string): Template {
  const template = parseTemplate(text)
  if ('problem' in template) throw new TypeError(template.problem)
  return template
}

const hostOf =
  (fill: FillTemplate): Mapping['hostOf'] =>
  (place, captures) =>
    fill(withCaptures(place, captures)) ?? ''

function locatorOf(row: BuiltInRow): Mapping['locate'] {
  const domain = row.domain === undefined ? null : textOf(row.domain)
  const device = row.device === undefined ? null : textOf(row.device)
  const who = row.workload === undefined ? null : workloadOf(row.workload)
  const read = row.reader === undefined ? null : readerOf(row.reader, row.args ?? [])
  const isMode = row.quantity === 'cpu_time' && row.workload === undefined
  return (place, captures) => {
    const labels = withCaptures(place, captures)
    const found = read === null ? NOWHERE : read(place)
    if (typeof found === 'string') return found
    const named = who === null ? found.workload : who(labels)
    if (who !== null && named === undefined) return 'no_workload'
    const where = domain === null ? found.domain : domain(labels)
    if (where === null) return isMode ? 'no_mode' : 'no_device'
    return placed(found, {
      domain: isMode ? cpuMode(where) : where,
      device: device === null ? found.device : (device(labels) ?? undefined),
      workload: named,
    })
  }
}

const NOWHERE: Located = { domain: '' }

interface MeterPlace {
  readonly domain: string
  readonly device: string | undefined
  readonly workload: MappedWorkload | undefined
}

function placed(found: Located, { domain, device, workload: who }: MeterPlace): Located | IgnoredReason {
  return {
    domain,
    ...(device === undefined ? {} : { device }),
    ...(found.interface === undefined ? {} : { interface: found.interface }),
    ...(who === undefined ? {} : { workload: who }),
  }
}

function workloadOf(row: MappingWorkload): (read: LabelReader) => MappedWorkload | undefined {
  const id = textOf(row.id)
  const name = row.name === undefined ? id : textOf(row.name)
  const namespace = row.namespace === undefined ? () => '' : textOf(row.namespace)
  const labels = Object.entries(row.labels ?? {}).map(([key, text]) => [key, textOf(text)] as const)
  return read => {
    const identity = id(read)
    if (identity === null || identity === '') return undefined
    const attributes: Record<string, string> = {}
    for (const [key, fill] of labels) attributes[key] = (fill(read) ?? '').slice(0, LONGEST_LABEL)
    return workload(row.kind, identity, name(read) ?? identity, namespace(read) ?? '', attributes as LabelMap)
  }
}

const LONGEST_LABEL = 256
