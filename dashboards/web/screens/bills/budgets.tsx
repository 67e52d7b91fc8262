import type { BudgetAnswer, BudgetsAnswer } from '../../../../core/api/answers.ts'
import { currencyText, trimmedText } from '../../lib/bills.ts'
import { formatShare } from '../../lib/units.ts'
import { Badge } from '../../parts/small.tsx'

const TONES = { within: 'good', at_risk: 'estimated', exceeded: 'bad' } as const
const WORDS = { within: 'Within', at_risk: 'At risk', exceeded: 'Exceeded' } as const

/** What accounts have spent of their budgets, and will have spent at that rate. */
export function Budgets({ answer }: { readonly answer: BudgetsAnswer }) {
  return (
    <ul class="row-list budget-list">
      {answer.budgets.map(budget => (
        <li key={`${budget.account}/${budget.name}`}>
          <span class="row-name">
            <b>{budget.name}</b>
            <span class="detail">{budget.account}</span>
          </span>
          <span class="row-text budget-use">
            <span>
              {inUnit(budget.spent, budget)} of {inUnit(budget.budget, budget)}
              {budget.forecast !== null && (
                <span class="quiet">, {inUnit(budget.forecast, budget)} by the end of the period</span>
              )}
            </span>
            <span
              class="meter"
              role="img"
              aria-label={`${usedText(budget.used)} is spent, ${formatShare(budget.elapsed)} of the period has passed`}
            >
              <i
                class={`budget-${budget.state}`}
                style={{ width: `${Math.max(0, Math.min(1, budget.used)) * 100}%` }}
              />
              <b style={{ left: `${budget.elapsed * 100}%` }} />
            </span>
          </span>
          <span class="row-end">
            <span>{usedText(budget.used)}</span>
            <Badge tone={TONES[budget.state]}>{WORDS[budget.state]}</Badge>
          </span>
        </li>
      ))}
    </ul>
  )
}

/** More than all of it may be spent. */
const usedText = (used: number): string => (used > 1 ? `${Math.round(used * 100)}\u00a0%` : formatShare(used))

/** Six digits of energy and carbon; money as it is. */
function inUnit(amount: string, { measure, unit }: BudgetAnswer): string {
  if (measure === 'money') return currencyText(amount, unit)
  return `${trimmedText(Number(amount).toFixed(3))} ${unit}`
}
