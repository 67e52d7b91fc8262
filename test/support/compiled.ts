/**
 * Where the processes of tests, and those that tests start, keep code that Node has compiled. The next one finds it there: reading, stripping and compiling
 * the sources is half of what a command costs, and a quarter of a start. Node compares sources, so nothing in it is ever stale.
 */
export const COMPILED = new URL('../../node_modules/.cache/compiled', import.meta.url).pathname
