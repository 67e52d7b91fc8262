/** What the decoder asks of its host (../decode/span-engine.ts), for what is rare or needs more than bytes. */

/**
 * Ends the decoding of a request: throws, through all frames, `body_undecodable` or `body_too_large`. `what` is one of the
 * numbers below, `detail` a wire type, `message` a number of reader.ts, `tag` that of the field last read, `at` an address.
 */
export declare function fail(what: i32, detail: i32, message: i32, tag: u32, at: usize): void

/**
 * Reads the KeyValue at [start, stop) whatever it holds, cuts it to the limits and leaves it in `scratch`: two u32, the
 * bytes of the key and of the value's text, then both. What it cuts it adds to `cutAttributes`.
 */
export declare function keyValue(start: usize, stop: usize): void

/** Leaves valid UTF-8 for the text at [start, end) in `scratch`: u32 its length, then the text. */
export declare function repaired(start: usize, end: usize): void

/** A tag whose field number is 0 or beyond 2^29 - 1. */
export const FIELD_NUMBER_INVALID: i32 = 0
/** A length that reaches beyond its message. */
export const LENGTH_BEYOND_END: i32 = 1
/** A number that the end of its message cuts off. */
export const NUMBER_CUT_SHORT: i32 = 2
/** A varint of more than ten bytes. */
export const NUMBER_TOO_LONG: i32 = 3
/** A known field with another wire type than OTLP gives it; `detail` is the type found. */
export const WIRE_TYPE_MISFIT: i32 = 4
/** A wire type that cannot stand here, such as 6 or 7; `detail` is the type. */
export const WIRE_TYPE_UNKNOWN: i32 = 5
/** A group whose end is missing. */
export const GROUP_ENDLESS: i32 = 6
/** The batch has become larger than the request's size allows. */
export const TOO_LARGE: i32 = 7
