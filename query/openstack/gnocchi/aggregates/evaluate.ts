/** Evaluates operations over measures of metrics. */
import { quantile, resampled, squares } from '../measures/resample.ts'
import { BINARY, UNARY } from './arithmetic.ts'
import { type GridColumn, type MeasureGrid, notAggregable } from './grid.ts'
import type { MeasureOperation, Reaggregation, Reference } from './operations.ts'

type Evaluated = MeasureGrid | number

/** @throws GnocchiError for metrics that do not fit each other */
export function evaluateOperation(operation: MeasureOperation, grid: MeasureGrid): MeasureGrid {
  const found = evaluated(operation, grid)
  if (typeof found === 'number') throw notAggregable([], 'The operations have no metric')
  return found
}

function evaluated(operation: MeasureOperation, grid: MeasureGrid): Evaluated {
  switch (operation.kind) {
    case 'number':
      return operation.value
    case 'metric':
      return { ...grid, columns: grid.columns.filter(column => isNamed(column, operation.references)) }
    case 'call':
      return called(
        operation.name,
        operation.operands.map(one => evaluated(one, grid)),
      )
    case 'aggregate':
      return aggregated(operation.by, asGrid(evaluated(operation.operand, grid)))
    case 'rolling':
      return rolled(operation.by, operation.window, asGrid(evaluated(operation.operand, grid)))
    case 'resample': {
      const { times, columns, ...rest } = asGrid(evaluated(operation.operand, grid))
      const parts = columns.map(({ values }) => {
        const measures = { times: [...times], values: [...values] }
        return resampled(
          operation.by.isRate ? differences(measures) : measures,
          operation.spanMs,
          operation.by,
        )
      })
      return {
        ...rest,
        bucketMs: operation.spanMs,
        times: parts[0]?.times ?? [],
        columns: columns.map((column, index) => ({
          ...column,
          values: Float64Array.from(parts[index]!.values),
        })),
      }
    }
  }
}

const differences = ({ times, values }: { readonly times: number[]; readonly values: number[] }) => ({
  times: times.slice(1),
  values: values.slice(1).map((value, index) => value - values[index]!),
})

function asGrid(found: Evaluated): MeasureGrid {
  if (typeof found === 'number') throw notAggregable([], 'Numbers cannot be aggregated, only metrics')
  return found
}

const isNamed = ({ reference }: GridColumn, references: readonly Reference[]): boolean =>
  references.some(({ metric, method }) => metric === reference.metric && method === reference.method)

function called(name: string, operands: readonly Evaluated[]): Evaluated {
  const [first] = operands
  if (name === 'rateofchange' || name === 'rateofchangesec') return changes(asGrid(first!), name)
  const unary = UNARY[name]
  if (unary !== undefined) return together(operands, ([value]) => unary(value!))
  if (name === 'clip') {
    return together(operands, ([value, least, most]) =>
      Math.min(Math.max(value!, least!), most ?? Number.POSITIVE_INFINITY),
    )
  }
  const binary = BINARY[name]!
  return together(operands, ([a, b]) => binary(a!, b!))
}

/** Value by value. Grids have the same times, and the same number of columns or one. */
function together(operands: readonly Evaluated[], of: (values: readonly number[]) => number): Evaluated {
  const grids = operands.filter(one => typeof one !== 'number')
  const [grid] = grids
  if (grid === undefined) return of(operands as readonly number[])
  const names = grids.flatMap(({ columns }) =>
    columns.map(({ reference }) => [reference.metric, reference.method]),
  )
  const isSame = (other: MeasureGrid): boolean =>
    other.bucketMs === grid.bucketMs &&
    other.times.length === grid.times.length &&
    other.times.every((time, at) => time === grid.times[at])
  if (!grids.every(isSame)) throw notAggregable(names, "Can't compute timeseries with different granularity")
  const widest = grids.reduce((a, b) => (b.columns.length > a.columns.length ? b : a))
  if (grids.some(({ columns }) => columns.length !== 1 && columns.length !== widest.columns.length))
    throw notAggregable(names, "Can't compute different numbers of timeseries")
  const values = operands.map(one => (typeof one === 'number' ? one : one.columns))
  return {
    ...grid,
    isAggregated: grids.length > 1 || grid.isAggregated,
    columns: widest.columns.map((column, index) => ({
      ...column,
      values: Float64Array.from(column.values, (_, at) =>
        of(values.map(one => (typeof one === 'number' ? one : (one[index] ?? one[0]!).values[at]!))),
      ),
    })),
  }
}

function changes(grid: MeasureGrid, name: 'rateofchange' | 'rateofchangesec'): MeasureGrid {
  const isPerSecond = name === 'rateofchangesec'
  const { times } = grid
  const rise = (values: Float64Array, at: number): number =>
    values[at]! - (at === 0 ? Number.NaN : values[at - 1]!)
  const columns = grid.columns.map(column => {
    const values = column.values.map((_, at) =>
      isPerSecond
        ? rise(column.values, at) / ((times[at]! - (times[at - 1] ?? Number.NaN)) / 1000)
        : rise(column.values, at),
    )
    return { ...column, values: isPerSecond ? values : values.slice(1) }
  })
  return { ...grid, times: isPerSecond ? times : times.slice(1), columns }
}

/** The columns become one. */
function aggregated(by: Reaggregation, grid: MeasureGrid): MeasureGrid {
  const [first] = grid.columns
  if (first === undefined) return { ...grid, isAggregated: true }
  const values = first.values.map((_, at) =>
    reaggregate(
      by,
      grid.columns.map(column => column.values[at]!),
    ),
  )
  return inTime(by, { ...grid, isAggregated: true, columns: [{ ...first, values }] })
}

/** Each time with those before it. */
function rolled(by: Reaggregation, window: number, grid: MeasureGrid): MeasureGrid {
  if (window > grid.times.length)
    throw notAggregable(
      grid.columns.map(({ reference }) => [reference.metric, reference.method]),
      `Rolling window '${window}' is greater than serie length '${grid.times.length}'`,
    )
  const columns = grid.columns.map(column => ({
    ...column,
    values: Float64Array.from({ length: grid.times.length - window + 1 }, (_, at) =>
      reaggregate(by, [...column.values.subarray(at, at + window)]),
    ),
  }))
  return inTime(by, { ...grid, times: grid.times.slice(window - 1), columns })
}

const inTime = ({ isRate }: Reaggregation, grid: MeasureGrid): MeasureGrid =>
  isRate ? changes(grid, 'rateofchange') : grid

/** Of the values that are numbers. */
function reaggregate({ of }: Reaggregation, all: readonly number[]): number {
  const values = all.filter(value => !Number.isNaN(value))
  const sum = (): number => values.reduce((total, value) => total + value, 0)
  if (of === 'count') return values.length
  if (of === 'sum') return sum()
  if (values.length === 0) return Number.NaN
  switch (of) {
    case 'mean':
      return sum() / values.length
    case 'median':
      return quantile(values, 0.5)
    case 'min':
      return values.reduce((a, b) => Math.min(a, b))
    case 'max':
      return values.reduce((a, b) => Math.max(a, b))
    case 'var':
      return squares(values) / values.length
    case 'std':
      return Math.sqrt(squares(values) / values.length)
  }
}
