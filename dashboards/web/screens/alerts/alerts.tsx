import { useState } from 'preact/hooks'
import type {
  AlertsAnswer,
  DeliveriesAnswer,
  RulesAnswer,
  SilencesAnswer,
} from '../../../../core/api/answers.ts'
import { type Polled, usePoll } from '../../hooks/use-poll.ts'
import { ALERTS_PATH, ApiError, DELIVERIES_PATH, RULES_PATH, SILENCES_PATH, sendJson } from '../../lib/api.ts'
import { Part } from '../../parts/part.tsx'
import { ActiveAlerts } from './active-alerts.tsx'
import { Deliveries } from './deliveries.tsx'
import { Rules } from './rules.tsx'
import { Silences } from './silences.tsx'

/** Rules are evaluated once a minute as a rule. */
const ALERTS_MS = 10_000

/** Rules with their states, alerts, silences and deliveries; silences can be created and ended, messages sent again. */
export function Alerts() {
  const rules = usePoll<RulesAnswer>(RULES_PATH, ALERTS_MS)
  const alerts = usePoll<AlertsAnswer>(ALERTS_PATH, ALERTS_MS)
  const silences = usePoll<SilencesAnswer>(SILENCES_PATH, ALERTS_MS)
  const deliveries = usePoll<DeliveriesAnswer>(DELIVERIES_PATH, ALERTS_MS)
  const [matchers, setMatchers] = useState('')
  const { said, act } = useActions([alerts, silences, deliveries])
  return (
    <div class="screen">
      <p class="act-result" role="status">
        {said}
      </p>
      <Part title="Active alerts" answer={alerts}>
        {data => <ActiveAlerts answer={data} onSilence={setMatchers} />}
      </Part>
      <Part title="Rules" answer={rules}>
        {data => <Rules rules={data.rules} />}
      </Part>
      <Part title="Silences" answer={silences}>
        {data => <Silences silences={data.silences} matchers={matchers} onMatchers={setMatchers} act={act} />}
      </Part>
      <Part title="Deliveries" answer={deliveries}>
        {data => <Deliveries answer={data} act={act} />}
      </Part>
    </div>
  )
}

/** Does something on the server; resolves with whether it was done. */
export type Act = (done: string, method: 'POST' | 'DELETE', path: string, body?: object) => Promise<boolean>

/** Every action says how it ended, and asks for what it has changed. */
function useActions(changed: readonly Polled<unknown>[]): { readonly said: string; readonly act: Act } {
  const [said, setSaid] = useState('')
  const act: Act = async (done, method, path, body) => {
    try {
      await sendJson(method, path, body)
      setSaid(done)
      // The tables have it a moment later.
      setTimeout(() => {
        for (const one of changed) one.retry()
      }, 1_500)
      return true
    } catch (error) {
      setSaid(error instanceof ApiError ? `${error.message} ${error.remedy}` : String(error))
      return false
    }
  }
  return { said, act }
}
