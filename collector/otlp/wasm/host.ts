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
