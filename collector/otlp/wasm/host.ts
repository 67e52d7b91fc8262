/** Functions of the host (../decode/span-engine.ts), for rare cases and those that need more than bytes. */

/**
 * Ends the decoding of a request: throws `body_undecodable` or `body_too_large` through all frames. `what` is one of
 * the numbers below, `detail` a wire type, `message` a number of reader.ts, `tag` that of the last field read, `at` an
 * address.
 */
export declare function fail(what: i32, detail: i32, message: i32, tag: u32, at: usize): void

/**
 * Reads the KeyValue at [start, stop) in any form, cuts it to the limits and stores it in `scratch`: two u32, the
 * lengths of the key and of the value's text, then both texts. Adds cut attributes to `cutAttributes`.
 */
export declare function keyValue(start: usize, stop: usize): void

/** Stores valid UTF-8 for the text at [start, end) in `scratch`: its length as u32, then the text. */
export declare function repaired(start: usize, end: usize): void
