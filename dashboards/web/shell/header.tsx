import type { LiveAnswer, StatusAnswer } from '../../../core/api/answers.ts'
import type { Polled } from '../hooks/use-poll.ts'
import { Badge } from '../parts/small.tsx'

/** The bar above the page: host, readiness, token and theme. */
export function Header(props: {
  readonly status: Polled<StatusAnswer>
  readonly live: LiveAnswer | null
  readonly host: string
  readonly onHost: (host: string) => void
  readonly theme: 'light' | 'dark'
  readonly onTheme: () => void
  /** Forgets the token of this tab; null: there is none. */
  readonly onForget: (() => void) | null
}) {
  const other = props.theme === 'dark' ? 'light' : 'dark'
  return (
    <header class="top">
      <div class="top-inner">
        <h1 class="brand">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <rect width="32" height="32" rx="8" />
            <path d="M5 18h5l3-9 5 15 3.5-9H27" />
          </svg>
          Wattline
        </h1>
        <HostChoice live={props.live} host={props.host} onHost={props.onHost} />
        <span class="push" />
        <Readiness status={props.status} />
        {props.onForget !== null && (
          <button
            type="button"
            class="icon-button"
            onClick={props.onForget}
            title="Forget the token"
            aria-label="Forget the token"
          >
            <svg viewBox="0 0 24 24" aria-hidden="true">
              <path d="M10 4H5v16h5m4-4 4-4-4-4m4 4H9" />
            </svg>
          </button>
        )}
        <button
          type="button"
          class="icon-button"
          onClick={props.onTheme}
          aria-label={`Switch to ${other} theme`}
          title={`Switch to ${other} theme`}
        >
          <svg viewBox="0 0 24 24" aria-hidden="true">
            {props.theme === 'dark' ? (
              <path d="M12 4V2m0 20v-2m8-8h2M2 12h2m13.7-5.7 1.4-1.4M4.9 19.1l1.4-1.4m0-11.4L4.9 4.9m14.2 14.2-1.4-1.4M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0Z" />
            ) : (
              <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z" />
            )}
          </svg>
        </button>
      </div>
    </header>
  )
}

function HostChoice(props: {
  readonly live: LiveAnswer | null
  readonly host: string
  readonly onHost: (host: string) => void
}) {
  const live = props.live
  if (live === null || live.host === '') return null
  if (live.hosts.length < 2) return <span class="host">{live.host_name || live.host}</span>
  return (
    <label class="host-choice">
      <span class="visually-hidden">Host</span>
      <select value={props.host || live.host} onChange={event => props.onHost(event.currentTarget.value)}>
        {live.hosts.map(({ host, host_name }) => (
          <option key={host} value={host}>
            {host_name || host}
          </option>
        ))}
        {live.hosts_total > live.hosts.length && (
          <option disabled value="">
            {live.hosts_total - live.hosts.length} more hosts are not listed
          </option>
        )}
      </select>
    </label>
  )
}

function Readiness({ status }: { readonly status: Polled<StatusAnswer> }) {
  const { data, error } = status
  if (error?.away === true) return <Badge tone="bad">Reconnecting</Badge>
  if (error?.locked === true) return <Badge tone="plain">Locked</Badge>
  if (data === null) return <Badge tone="plain">Connecting</Badge>
  if (data.problems.length > 0) {
    return (
      <Badge tone="bad" title={data.problems.join('\n')}>
        Not ready
      </Badge>
    )
  }
  return (
    <Badge
      tone="good"
      title={`Version ${data.version}, roles ${data.roles.join(', ')}, tenant ${data.tenant}`}
    >
      Ready
    </Badge>
  )
}
