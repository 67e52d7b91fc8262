/** What the unit that a sender states makes of a row of the table. */
import { type UnitDimension, unitOfMeasure } from '../../core/model/units.ts'
import type { MappedQuantity, Mapping } from './mapping.ts'
import { factor, type UnitFactor } from './scale.ts'

/** Of each quantity: what it measures, and how many of its integers are one J, W, s, By or plain one. */
const UNITS: Readonly<Record<MappedQuantity, readonly [UnitDimension, bigint]>> = {
  energy: ['energy', 1_000_000n],
  energy_active: ['energy', 1_000_000n],
  energy_idle: ['energy', 1_000_000n],
  power: ['power', 1000n],
  cpu_time: ['time', 1_000_000n],
  gpu_time: ['time', 1_000_000n],
  cpu_wait: ['time', 1_000_000n],
  memory: ['information', 1n],
  memory_request: ['information', 1n],
  cpu_request: ['none', 1000n],
  gpu_request: ['none', 1000n],
}

/** Names of Prometheus say their unit: a sender that states another one contradicts itself. */
const NAMES_ITS_UNIT = /_(?:joules|seconds|watts?|microwatts|microjoules|bytes)(?:_total)?$/

/** The row for values in `unit`; '' is the unit of the convention. Refused where the unit cannot be that of the quantity. */
export function inUnit(row: Mapping, unit: string): Mapping {
  if (unit === '') return row
  const by = factorOf(row.quantity, unit)
  if (by === null) return { ...row, refused: 'unit' }
  if (by.numerator * row.factor.denominator === row.factor.numerator * by.denominator) return row
  return NAMES_ITS_UNIT.test(row.metric) ? { ...row, refused: 'unit' } : { ...row, factor: by }
}

function factorOf(quantity: MappedQuantity, text: string): UnitFactor | null {
  const unit = unitOfMeasure(text)
  const [dimension, integers] = UNITS[quantity]
  if (unit === null || unit.dimension !== dimension) return null
  const numerator = unit.numerator * integers
  const common = greatestCommonDivisor(numerator, unit.denominator)
  return factor(numerator / common, unit.denominator / common)
}

const greatestCommonDivisor = (a: bigint, b: bigint): bigint =>
  b === 0n ? a : greatestCommonDivisor(b, a % b)
