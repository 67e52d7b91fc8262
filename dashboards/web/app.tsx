import { useState } from 'preact/hooks'
import type { LiveAnswer, RecentTracesAnswer, StatusAnswer, UsageAnswer } from '../../core/api/answers.ts'
import { usePoll } from './hooks/use-poll.ts'
import { useChoice } from './hooks/use-preference.ts'
import { useTheme } from './hooks/use-theme.ts'
import { livePath, STATUS_PATH, tracesPath, usagePath } from './lib/api.ts'
import { forgetToken, heldToken, holdToken } from './lib/session.ts'
import { LIVE_MINUTES, USAGE_WINDOWS, VIEWS } from './lib/spans.ts'
import { Guard } from './parts/guard.tsx'
import { Segmented } from './parts/small.tsx'
import { Alerts } from './screens/alerts/alerts.tsx'
import { Bills } from './screens/bills/bills.tsx'
import { MachineScreen } from './screens/machine.tsx'
import { Scaling } from './screens/scaling/scaling.tsx'
import { Traces } from './screens/traces/traces.tsx'
import { Header } from './shell/header.tsx'
import { LoginScreen } from './shell/login.tsx'
import { Notice } from './shell/notice.tsx'

/** The sensors read every 5 s, the books close once a minute: polling more often would show nothing new. */
const LIVE_MS = 5_000
const USAGE_MS = 15_000
const TRACES_MS = 5_000
const STATUS_MS = 5_000
const TRACES = 20

/**
 * The page for one token, or for none. Another token creates a new page: nothing of the previous one remains visible.
 */
export function Root() {
  const [session, setSession] = useState(0)
  const begin = (): void => setSession(count => count + 1)
  return (
    <App
      key={session}
      onToken={token => {
        holdToken(token)
        begin()
      }}
      onForget={() => {
        forgetToken()
        begin()
      }}
    />
  )
}

function App(props: { readonly onToken: (token: string) => void; readonly onForget: () => void }) {
  const { shown: theme, toggle } = useTheme()
  const [minutes, setMinutes] = useChoice('minutes', LIVE_MINUTES, '15')
  const [window, setWindow] = useChoice('window', USAGE_WINDOWS, '1h')
  const [view, setView] = useChoice('view', VIEWS, 'energy')
  const [host, setHost] = useState('')
  const status = usePoll<StatusAnswer>(STATUS_PATH, STATUS_MS)
  const live = usePoll<LiveAnswer>(livePath(host, minutes), LIVE_MS)
  const usage = usePoll<UsageAnswer>(usagePath(shownHost(host, live.data), window), USAGE_MS)
  const traces = usePoll<RecentTracesAnswer>(tracesPath(TRACES), TRACES_MS)
  const polls = [status, live, usage, traces]
  const errors = polls.map(poll => poll.error).filter(error => error !== null)
  const header = (
    <Header
      status={status}
      live={live.data}
      host={host}
      onHost={setHost}
      theme={theme}
      onTheme={toggle}
      onForget={heldToken() === '' ? null : props.onForget}
    />
  )
  if (errors.some(error => error.locked)) {
    return (
      <>
        {header}
        <main id="main">
          <LoginScreen refused={heldToken() !== ''} onToken={props.onToken} />
        </main>
      </>
    )
  }
  return (
    <>
      <a class="skip" href="#main">
        Skip to the numbers
      </a>
      {header}
      <Notice
        error={errors.find(error => error.away) ?? errors[0] ?? null}
        problems={status.data?.problems ?? []}
        notes={status.data?.notes ?? []}
        onRetry={() => {
          for (const poll of polls) poll.retry()
        }}
      />
      <nav class="views">
        <Segmented label="Screen" name="view" choices={VIEWS} value={view} onChoose={setView} />
      </nav>
      <main id="main" tabIndex={-1}>
        {view !== 'energy' ? (
          <Guard key={view}>
            <Screen view={view} />
          </Guard>
        ) : (
          <>
            <Guard>
              <MachineScreen
                live={live}
                usage={usage}
                minutes={minutes}
                onMinutes={setMinutes}
                window={window}
                onWindow={setWindow}
                theme={theme}
              />
            </Guard>
            <Guard>
              <Traces traces={traces} otlpHttp={status.data?.otlp_http} />
            </Guard>
          </>
        )}
      </main>
      <footer>
        <span>Wattline {status.data?.version}</span>
        {heldToken() === '' && <OpenLinks />}
        <GridSource live={live.data} />
      </footer>
    </>
  )
}

function Screen({ view }: { readonly view: 'bills' | 'scaling' | 'alerts' }) {
  if (view === 'bills') return <Bills />
  return view === 'scaling' ? <Scaling /> : <Alerts />
}

/** URLs that a browser can open by itself, shown when no token is needed. */
const OpenLinks = () => (
  <>
    <a href="api/v1/usage?window=1h&group_by=workload">usage as JSON</a>
    <a href="metrics">metrics</a>
    <a href="readyz">readiness</a>
  </>
)

/** The source of the grid factor: its licence requires that it be named where the number is shown. */
function GridSource({ live }: { readonly live: LiveAnswer | null }) {
  if (live === null || live.intensity_source === '') return null
  return <span class="source">Grid intensity: {live.intensity_source}</span>
}

/** The host of the whole page: the selected one, or the one that the live route chose. */
function shownHost(chosen: string, live: LiveAnswer | null): string {
  if (chosen !== '') return chosen
  return live !== null && live.hosts.length > 1 ? live.host : ''
}
