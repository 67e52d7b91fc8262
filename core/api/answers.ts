/**
 * Answers of the JSON routes, shared by the query server, the page and the command line. 64-bit integers are decimal
 * strings; null means unknown or unpriced, never zero. Times are ISO 8601 UTC unless the name says otherwise.
 */

export type * from './administration.ts'
export type * from './alerts.ts'
export type * from './allocation.ts'
export type * from './billing.ts'
export type * from './exports.ts'
export type * from './factors.ts'
export type * from './identity.ts'
export type * from './live.ts'
export type * from './planning.ts'
export type * from './quarantine.ts'
export type * from './requests.ts'
export type * from './scaling.ts'
export type * from './status.ts'
export type * from './tariffs.ts'
export type * from './traces.ts'
export type * from './usage.ts'
