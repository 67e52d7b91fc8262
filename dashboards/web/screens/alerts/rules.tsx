import type { RuleAnswer } from '../../../../core/api/answers.ts'
import { conditionText } from '../../lib/alerts.ts'
import { Badge, Empty } from '../../parts/small.tsx'

const TONES = { firing: 'bad', pending: 'estimated', no_data: 'estimated', inactive: 'good' } as const
const WORDS = { firing: 'Firing', pending: 'Pending', no_data: 'No data', inactive: 'Inactive' } as const

/** Every rule with its state. */
export function Rules({ rules }: { readonly rules: readonly RuleAnswer[] }) {
  if (rules.length === 0) {
    return (
      <Empty title="There are no alert rules">
        <p>
          Add groups of rules under <code>alerts.groups</code> in the configuration.
        </p>
      </Empty>
    )
  }
  return (
    <ul class="row-list">
      {rules.map(rule => (
        <li key={`${rule.group}/${rule.rule}`}>
          <span class="row-name">
            <b>{rule.rule}</b>
            <span class="detail">{rule.group}</span>
          </span>
          <span class="row-text">
            {rule.check ?? 'SQL'}, {conditionText(rule)}
          </span>
          <span class="row-end">
            {rule.alerts > 0 && `${rule.alerts} ${rule.alerts === 1 ? 'alert' : 'alerts'} `}
            <Badge tone={TONES[rule.state]}>{WORDS[rule.state]}</Badge>
          </span>
        </li>
      ))}
    </ul>
  )
}
