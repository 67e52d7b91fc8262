import type { ApiError } from '../lib/api.ts'

/**
 * One line above the page while the server is unreachable, answers with an error or is not ready. Known data stays on
 * the page below.
 */
export function Notice(props: {
  readonly error: ApiError | null
  readonly problems: readonly string[]
  readonly notes: readonly string[]
  readonly onRetry: () => void
}) {
  const { error, problems, notes } = props
  const isLoss = problems.some(problem => problem.includes('wattline losses'))
  return (
    <div class="notice-place" role="status" aria-live="polite">
      {error !== null ? (
        <p class="notice">
          <span>
            <b>{error.message}</b>{' '}
            {error.away && 'Reconnecting automatically; the numbers below are the last known ones. '}
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
              <b>Not ready:</b> {problems.join('; ').replace(/\.$/, '')}. This notice disappears when it works
              again
              {isLoss ? ', or when the loss is accepted.' : '; nothing acknowledged is lost.'}
            </span>
          </p>
        )
      )}
      {notes.length > 0 && (
        <p class="notice">
          <span>
            <b>Note:</b> {notes.join('; ')}
          </span>
        </p>
      )}
    </div>
  )
}
