/** Which functions there are, what they take and give. */
import type { ValueType } from './ast.ts'

export interface FunctionSignature {
  readonly args: readonly ValueType[]
  /** How often the last argument may be left out or given: 0 exactly once, n up to n times or not at all, -1 any number. */
  readonly variadic: number
  readonly returns: ValueType
  readonly experimental: boolean
}

const signature = (
  args: readonly ValueType[],
  options: Partial<FunctionSignature> = {},
): FunctionSignature => ({ args, variadic: 0, returns: 'vector', experimental: false, ...options })

/** Functions of one shape. */
const alike = (names: string, shape: FunctionSignature): readonly (readonly [string, FunctionSignature])[] =>
  names.split(' ').map(name => [name, shape] as const)

const experimental = { experimental: true }

const FUNCTIONS: ReadonlyMap<string, FunctionSignature> = new Map([
  ...alike(
    'abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor ln log10 log2 rad sgn sin sinh sqrt tan tanh ' +
      'histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar sort sort_desc timestamp',
    signature(['vector']),
  ),
  ...alike(
    'absent_over_time avg_over_time changes count_over_time delta deriv first_over_time idelta increase irate ' +
      'last_over_time max_over_time min_over_time present_over_time rate resets stddev_over_time stdvar_over_time ' +
      'sum_over_time',
    signature(['matrix']),
  ),
  ...alike(
    'mad_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time',
    signature(['matrix'], experimental),
  ),
  ...alike(
    'days_in_month day_of_month day_of_week day_of_year hour minute month year',
    signature(['vector'], { variadic: 1 }),
  ),
  ...alike('pi time', signature([], { returns: 'scalar' })),
  ...alike('start end range step', signature([], { returns: 'scalar', ...experimental })),
  ...alike('min_of max_of', signature(['scalar', 'scalar'], { returns: 'scalar', ...experimental })),
  ['clamp', signature(['vector', 'scalar', 'scalar'])],
  ...alike('clamp_max clamp_min', signature(['vector', 'scalar'])),
  ['histogram_fraction', signature(['scalar', 'scalar', 'vector'])],
  ['histogram_quantile', signature(['scalar', 'vector'])],
  [
    'histogram_quantiles',
    signature(['vector', 'string', 'scalar', 'scalar'], { variadic: 9, ...experimental }),
  ],
  ['double_exponential_smoothing', signature(['matrix', 'scalar', 'scalar'], experimental)],
  ['info', signature(['vector', 'vector'], { variadic: 1, ...experimental })],
  ['integral', signature(['matrix', 'scalar'], { variadic: 1, ...experimental })],
  ['label_replace', signature(['vector', 'string', 'string', 'string', 'string'])],
  ['label_join', signature(['vector', 'string', 'string', 'string'], { variadic: -1 })],
  ['predict_linear', signature(['matrix', 'scalar'])],
  ['quantile_over_time', signature(['scalar', 'matrix'])],
  ['round', signature(['vector', 'scalar'], { variadic: 1 })],
  ['scalar', signature(['vector'], { returns: 'scalar' })],
  ...alike(
    'sort_by_label sort_by_label_desc',
    signature(['vector', 'string'], { variadic: -1, ...experimental }),
  ),
  ['start_timestamp', signature(['vector'], experimental)],
  ['vector', signature(['scalar'])],
])

/** The signature of a function, undefined where there is none of that name. */
export const functionNamed = (name: string): FunctionSignature | undefined => FUNCTIONS.get(name)

/** The type of the argument at a position. */
export const argumentType = ({ args }: FunctionSignature, position: number): ValueType =>
  args[Math.min(position, args.length - 1)] ?? 'scalar'
