import { WattlineError } from '../../../core/catalogue/errors/errors.ts'

interface Restorable<Mark> {
  mark(): Mark
  rollback(mark: Mark): void
}

/**
 * Runs `decode`. If it throws, all builders are restored: a request is in the shared record completely or not at all.
 */
export function allOrNothing<Mark, Result>(
  builders: readonly Restorable<Mark>[],
  decode: () => Result,
): Result {
  const marks = builders.map(builder => builder.mark())
  try {
    return decode()
  } catch (error) {
    for (const [index, builder] of builders.entries()) builder.rollback(marks[index]!)
    if (error instanceof WattlineError) throw error
    throw new WattlineError('invariant_broken', 'The OTLP decoder failed on a request.', { cause: error })
  }
}
