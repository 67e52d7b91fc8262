import type { readings } from '../../core/model/streams/index.ts'
import type { RowOf } from '../../core/model/streams/stream.ts'

/**
 * One row of the `readings` stream, as an object: for sensors, which have few. Readings from metrics never become
 * objects.
 */
export type Reading = RowOf<typeof readings>
