/**
 * Settings of the engine that clients may change: how answers are written, and how a SELECT is understood. None of them
 * changes which rows the caller sees, what the engine may use, or whether a function can fail on a value that the
 * caller may not see.
 */

type Validator = (value: string) => string | number | undefined

const flag: Validator = value => FLAGS[value.toLowerCase()]
const FLAGS: Readonly<Record<string, number>> = { '0': 0, '1': 1, false: 0, true: 1 }

const oneOf =
  (...words: readonly string[]): Validator =>
  value =>
    words.find(word => word.toLowerCase() === value.toLowerCase())

const upTo =
  (most: number): Validator =>
  value =>
    /^\d{1,15}$/.test(value) ? Math.min(Number(value), most) : undefined

/** A few characters that cells of an answer are written with. */
const shortText: Validator = value => (value.length <= 16 ? value : undefined)
const character: Validator = value => (value.length === 1 ? value : undefined)
const zone: Validator = value => (/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(value) ? value : undefined)

const UNION_MODE = oneOf('', 'ALL', 'DISTINCT')
const SCHEMAS = oneOf('none', 'lz4', 'zstd', 'snappy', 'gzip', 'brotli', 'lz4_frame')

const flags = (text: string): Readonly<Record<string, Validator>> =>
  Object.fromEntries(
    text
      .trim()
      .split(/\s+/)
      .map(name => [name, flag]),
  )

const SETTINGS: Readonly<Record<string, Validator>> = {
  ...flags(`
    join_use_nulls group_by_use_nulls transform_null_in aggregate_functions_null_for_empty cast_keep_nullable extremes
    output_format_json_quote_64bit_integers output_format_json_quote_64bit_floats output_format_json_quote_denormals
    output_format_json_quote_decimals output_format_json_named_tuples_as_objects output_format_json_array_of_rows
    output_format_json_escape_forward_slashes output_format_json_validate_utf8
    output_format_json_skip_null_value_in_named_tuples
    output_format_csv_crlf_end_of_line output_format_csv_serialize_tuple_into_separate_columns
    output_format_tsv_crlf_end_of_line output_format_decimal_trailing_zeros
    output_format_native_encode_types_in_binary_format output_format_native_write_json_as_string
    output_format_binary_encode_types_in_binary_format output_format_binary_write_json_as_string
    output_format_arrow_string_as_string output_format_arrow_low_cardinality_as_dictionary
    output_format_arrow_fixed_string_as_fixed_byte_array output_format_parquet_string_as_string
    output_format_parquet_fixed_string_as_fixed_byte_array output_format_pretty_row_numbers
    output_format_pretty_highlight_digit_groups`),
  union_default_mode: UNION_MODE,
  except_default_mode: UNION_MODE,
  intersect_default_mode: UNION_MODE,
  join_default_strictness: oneOf('', 'ALL', 'ANY'),
  date_time_output_format: oneOf('simple', 'iso', 'unix_timestamp'),
  date_time_input_format: oneOf('basic', 'best_effort', 'best_effort_us'),
  result_overflow_mode: oneOf('throw', 'break'),
  max_result_rows: upTo(Number.MAX_SAFE_INTEGER),
  session_timezone: zone,
  format_csv_delimiter: character,
  format_csv_null_representation: shortText,
  format_tsv_null_representation: shortText,
  bool_true_representation: shortText,
  bool_false_representation: shortText,
  output_format_arrow_compression_method: SCHEMAS,
  output_format_parquet_compression_method: SCHEMAS,
  output_format_pretty_max_rows: upTo(100_000),
  output_format_pretty_max_column_pad_width: upTo(1_000),
  output_format_pretty_max_value_width: upTo(100_000),
  output_format_pretty_color: oneOf('0', '1', 'auto'),
}

/** Settings that a client has chosen, by name. */
export type ClientSettings = Readonly<Record<string, string | number>>

/** Names of all settings that clients may change. */
export const CLIENT_SETTINGS: readonly string[] = Object.keys(SETTINGS)

/** Whether a setting of this name may be changed. */
export const isClientSetting = (name: string): boolean => Object.hasOwn(SETTINGS, name)

/** The value in the form for the engine; undefined: not a value of the setting. */
export const clientSetting = (name: string, value: string): string | number | undefined =>
  isClientSetting(name) ? SETTINGS[name]?.(value) : undefined

/** Keeps only what `clientSetting` accepts: the fence trusts no caller. */
export function acceptedSettings(given: ClientSettings): ClientSettings {
  const accepted = Object.entries(given).flatMap(([name, value]) => {
    const known = clientSetting(name, String(value))
    return known === undefined ? [] : [[name, known] as const]
  })
  return Object.fromEntries(accepted)
}

/** Of these, the settings that decide how a statement is understood, and not how its answer is written. */
export const analysisSettings = (given: ClientSettings): ClientSettings =>
  Object.fromEntries(Object.entries(given).filter(([name]) => !OF_ANSWERS.test(name)))

const OF_ANSWERS =
  /^(output_format_|format_|bool_|max_result_rows$|result_overflow_mode$|extremes$|date_time_output_format$)/
