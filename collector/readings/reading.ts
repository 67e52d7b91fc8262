import type { readings } from '../../core/model/streams/index.ts'
import type { RowOf } from '../../core/model/streams/stream.ts'

/** One row of the `readings` stream, as an object: for sensors, which have few. Readings among metrics never become one. */
export type Reading = RowOf<typeof readings>
