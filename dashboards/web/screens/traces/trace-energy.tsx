/** What a trace used, as the dialog tells it: joules, grams, money. */
import type { TraceEnergy } from '../../../../core/api/answers.ts'
import { CARBON, JOULES } from '../../../../core/model/amounts.ts'
import { formatMoney } from '../../lib/money.ts'
import { formatQuantity, type Shown } from '../../lib/units.ts'

/** Reasons in words; others are shown as they are. */
const REASONS: Readonly<Record<string, string>> = {
  no_workload: 'its resource names no workload that was metered',
  ambiguous_workload: 'its resource fits several workloads',
  no_energy: 'its workload has no energy, only use',
  not_shared_yet: 'its minute has not been shared over requests yet',
  not_kept: 'this trace is not kept by itself, or its minutes are no longer kept',
}

/** A reason in words. */
export const unknownText = (reason: string): string => REASONS[reason] ?? reason

const shownText = ({ value, unit }: Shown): string => `${value}\u00a0${unit}`

/** `1.25 J` */
export const joulesText = (uj: string): string => shownText(formatQuantity(BigInt(uj), JOULES))

/** The line under the summary. */
export function TraceEnergyNote({ energy, spans }: { readonly energy: TraceEnergy; readonly spans: number }) {
  const unknown = Object.values(energy.unknown)
  const reasons = [...new Set(unknown)].map(unknownText)
  if (energy.energy_uj === null) {
    return <p class="note">Energy unknown: {reasons[0] ?? unknownText('not_shared_yet')}.</p>
  }
  const [operational, embodied] = [energy.carbon_operational_ug, energy.carbon_embodied_ug]
  return (
    <p class="note trace-energy">
      <b>{joulesText(energy.energy_uj)}</b>
      {operational !== null && <span>{shownText(formatQuantity(BigInt(operational), CARBON))} CO₂e</span>}
      {embodied !== null && <span>{shownText(formatQuantity(BigInt(embodied), CARBON))} CO₂e embodied</span>}
      {energy.costs.map(({ currency, energy_nano, resource_nano }) => (
        <span key={currency}>
          {formatMoney(BigInt(energy_nano ?? 0) + BigInt(resource_nano ?? 0), currency)}
        </span>
      ))}
      {unknown.length > 0 && (
        <span class="warn" title={reasons.join('; ')}>
          {unknown.length} of {spans} spans unknown
        </span>
      )}
    </p>
  )
}
