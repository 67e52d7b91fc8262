import type { ApiError } from '../lib/api.ts'

/**
 * One line above everything while the server is away, refuses an answer or is not ready. What was known stays on the
 * page below.
 */
export function Notice(props: {
  readonly error: ApiError | null
  readonly problems: readonly string[]
  readonly onRetry: () => void
}) {
  const { error, problems } = props
  return (
    <div class="notice-place" role="status" aria-live="polite">
      {error !== null ? (
        <p class="notice">
          <span>
            <b>{error.message}</b>{' '}
            {error.away && 'Reconnecting by itself; the numbers below are the last ones known. '}
            {error.remedy}
          </span>
          <button type="button" onClick={props.onRetry}>
            Try now
          </button>
        </p>
      ) : (
        problems.length > 0 && (
          <p class="notice">
            <span>
              <b>Not ready:</b> {problems.join('; ')}. Nothing acknowledged is lost; this line goes when it
              works again.
            </span>
          </p>
        )
      )}
    </div>
  )
}
