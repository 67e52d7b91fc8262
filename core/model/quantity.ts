/**
 * Quantities are integers with the unit in the type, so that microjoules cannot be added to milliwatts by
 * mistake. 64-bit quantities are `bigint`; a signed 64-bit column holds each of them (`Int64`).
 */
declare const unit: unique symbol
type IntegerOf<Unit extends string> = bigint & { readonly [unit]: Unit }

/** Energy in µJ. Signed: skew and corrections can be negative. */
export type MicroJoules = IntegerOf<'µJ'>
/** CPU or GPU time in µs. */
export type Microseconds = IntegerOf<'µs'>
/** CO2-equivalent mass in µg. */
export type Micrograms = IntegerOf<'µg'>
/** Money in 1e-9 of the currency unit. */
export type NanoMoney = IntegerOf<'1e-9 currency'>
/** Memory integrated over time. */
export type ByteSeconds = IntegerOf<'B·s'>
/** Nanoseconds since the Unix epoch, UTC, as OTLP sends them. */
export type UnixNano = IntegerOf<'ns since epoch'>

/** Marks a raw integer as a quantity, where the number enters; nothing is converted or checked. */
export const microJoules = (value: bigint): MicroJoules => value as MicroJoules
/** Declares the value to be µs; nothing is converted or checked. */
export const microseconds = (value: bigint): Microseconds => value as Microseconds
/** Declares the value to be µg CO2e; nothing is converted or checked. */
export const micrograms = (value: bigint): Micrograms => value as Micrograms
/** Declares the value to be 1e-9 of the currency unit; nothing is converted or checked. */
export const nanoMoney = (value: bigint): NanoMoney => value as NanoMoney
/** Declares the value to be byte-seconds; nothing is converted or checked. */
export const byteSeconds = (value: bigint): ByteSeconds => value as ByteSeconds
/** Declares the value to be nanoseconds since the Unix epoch; nothing is converted or checked. */
export const unixNano = (value: bigint): UnixNano => value as UnixNano
