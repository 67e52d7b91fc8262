import { useMemo, useState } from 'preact/hooks'
import type { BudgetsAnswer, InvoiceAnswer, InvoicesAnswer } from '../../../../core/api/answers.ts'
import { usePoll } from '../../hooks/use-poll.ts'
import {
  type BillPlace,
  BUDGETS_PATH,
  CLOSED_PATH,
  currencyText,
  draftsPath,
  periodText,
} from '../../lib/bills.ts'
import { Part } from '../../parts/part.tsx'
import { Badge, Empty } from '../../parts/small.tsx'
import { BillScreen } from './bill.tsx'
import { Budgets } from './budgets.tsx'

/** Drafts sum the ledger at each look, and bills are made once a month. */
const BILLS_MS = 60_000

/** Bills of closed periods, what the current ones will be, and budgets; one bill with its lines. */
export function Bills() {
  const [shown, setShown] = useState<BillPlace | null>(null)
  const budgets = usePoll<BudgetsAnswer>(BUDGETS_PATH, BILLS_MS)
  const closed = usePoll<InvoicesAnswer>(CLOSED_PATH, BILLS_MS)
  if (shown !== null) return <BillScreen place={shown} onBack={() => setShown(null)} />
  const period = budgets.data?.period
  return (
    <div class="screen">
      {period === undefined ? (
        <Part title="Current period" answer={budgets}>
          {() => null}
        </Part>
      ) : (
        <Drafts period={period} onOpen={setShown} />
      )}
      {(budgets.data?.budgets.length ?? 0) > 0 && (
        <Part title="Budgets" answer={budgets}>
          {data => <Budgets answer={data} />}
        </Part>
      )}
      <Closed closed={closed} onOpen={setShown} />
    </div>
  )
}

function Drafts({ period, onOpen }: { readonly period: string; readonly onOpen: (bill: BillPlace) => void }) {
  const drafts = usePoll<InvoicesAnswer>(draftsPath(period), BILLS_MS)
  return (
    <Part
      title={`Current period, ${periodText(period)}`}
      answer={drafts}
      head={<span class="note">What bills would be now</span>}
    >
      {({ invoices, truncated }) => (
        <>
          {invoices.length === 0 && (
            <Empty title="Nothing to bill yet">
              <p>Bills sum entries of the ledger that have an account and a price.</p>
            </Empty>
          )}
          <BillList bills={invoices} onOpen={onOpen} />
          {truncated && <Truncated />}
        </>
      )}
    </Part>
  )
}

function Closed(props: {
  readonly closed: ReturnType<typeof usePoll<InvoicesAnswer>>
  readonly onOpen: (bill: BillPlace) => void
}) {
  const [period, setPeriod] = useState('')
  const [account, setAccount] = useState('')
  const bills = props.closed.data?.invoices
  const periods = useMemo(() => [...new Set((bills ?? []).map(bill => bill.period))], [bills])
  const matches = (bill: InvoiceAnswer): boolean =>
    (period === '' || bill.period === period) &&
    `${bill.account} ${bill.account_name}`.toLowerCase().includes(account.trim().toLowerCase())
  const filter = (
    <span class="bill-filter">
      <label>
        <span class="visually-hidden">Account</span>
        <input
          type="search"
          placeholder="Account"
          value={account}
          onInput={event => setAccount(event.currentTarget.value)}
        />
      </label>
      <label>
        <span class="visually-hidden">Period</span>
        <select value={period} onChange={event => setPeriod(event.currentTarget.value)}>
          <option value="">All periods</option>
          {periods.map(one => (
            <option key={one} value={one}>
              {periodText(one)}
            </option>
          ))}
        </select>
      </label>
    </span>
  )
  return (
    <Part title="Bills" answer={props.closed} {...(periods.length === 0 ? {} : { head: filter })}>
      {({ invoices, truncated }) => {
        const found = invoices.filter(matches)
        return (
          <>
            {invoices.length === 0 && (
              <Empty title="No period has been closed yet">
                <p>
                  A period is closed by itself after <code>billing.grace</code>, or by{' '}
                  <code>wattline invoice close --period 2026-11</code>.
                </p>
              </Empty>
            )}
            {invoices.length > 0 && found.length === 0 && <Empty title="No bill matches" />}
            <BillList bills={found} onOpen={props.onOpen} />
            {truncated && <Truncated />}
          </>
        )
      }}
    </Part>
  )
}

const Truncated = () => (
  <p class="note warn row-note">
    More bills are not listed: <code>wattline invoice list</code> and table <code>invoices</code> have all.
  </p>
)

function BillList(props: {
  readonly bills: readonly InvoiceAnswer[]
  readonly onOpen: (bill: BillPlace) => void
}) {
  return (
    <ul class="bill-list">
      {props.bills.map(bill => (
        <li key={`${bill.id}/${bill.account}/${bill.currency}`}>
          <button type="button" onClick={() => props.onOpen(bill)}>
            <span class="row-name">
              <b>{bill.account_name || bill.account || 'no account'}</b>
              {bill.account_name !== '' && bill.account_name !== bill.account && (
                <span class="detail">{bill.account}</span>
              )}
            </span>
            <span class="row-name">
              <span>{periodText(bill.period)}</span>
              <span class="detail">{bill.number ?? bill.currency}</span>
            </span>
            <span>
              {bill.state === 'draft' ? (
                <Badge tone="estimated">Draft</Badge>
              ) : (
                <Badge tone="good">Closed</Badge>
              )}
            </span>
            <span class="bill-total">{currencyText(bill.total, bill.currency)}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}
