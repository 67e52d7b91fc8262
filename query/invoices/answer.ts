/** Bills as the API answers them, from rows of their tables. */
import type { InvoiceAnswer, InvoiceLineAnswer } from '../../core/api/answers.ts'
import { amountText, femtoOf } from '../../core/billing/money.ts'
import { ROUNDING } from '../../core/billing/notes.ts'
import { isoSecond } from '../../core/model/iso-time.ts'
import type { InvoiceLineRow, InvoiceRow } from '../../core/model/streams/invoices.ts'

/** @param lines absent: the answer has none */
export function invoiceAnswer(row: InvoiceRow, lines?: readonly InvoiceLineRow[]): InvoiceAnswer {
  const money = (text: string): string => amountText(femtoOf(text), row.Currency)
  return {
    id: row.InvoiceId,
    number: row.Number === '' ? null : row.Number,
    state: row.Number === '' ? 'draft' : 'closed',
    account: row.Account,
    account_name: row.AccountName,
    issuer: row.Issuer,
    currency: row.Currency,
    period: row.Period,
    period_start: isoSecond(row.PeriodStart),
    period_end: isoSecond(row.PeriodEnd),
    time_zone: row.TimeZone,
    issued: row.Number === '' ? null : isoSecond(row.IssuedAt),
    subtotal: money(row.Subtotal),
    tax: money(row.Tax),
    total: money(row.Total),
    notes: row.Notes,
    rounding: ROUNDING,
    digest: row.Digest,
    ...(lines === undefined ? {} : { lines: lines.map(line => lineAnswer(line)) }),
  }
}

function lineAnswer(row: InvoiceLineRow): InvoiceLineAnswer {
  const orNull = (text: string): string | null => (text === '' ? null : text)
  return {
    line: row.Line,
    service_period: row.ServicePeriod,
    service_start: isoSecond(row.ServiceStart),
    service_end: isoSecond(row.ServiceEnd),
    category: row.Category as InvoiceLineAnswer['category'],
    class: row.Class === 'Correction' ? 'Correction' : null,
    sku: row.Sku,
    zone: row.Zone,
    share: row.Share,
    tariff_version: row.TariffVersion,
    description: row.Description,
    quantity: orNull(row.Quantity),
    unit: orNull(row.Unit),
    list_unit_price: orNull(row.ListUnitPrice),
    contracted_unit_price: orNull(row.ContractedUnitPrice),
    list_cost: row.ListCost,
    contracted_cost: row.ContractedCost,
    effective_cost: row.EffectiveCost,
    billed_cost: amountText(femtoOf(row.BilledCost), row.Currency),
    energy_uj: row.EnergyUj,
    carbon_operational_ug: row.CarbonOperationalUg,
    carbon_embodied_ug: row.CarbonEmbodiedUg,
    unpriced_cost_uj: row.UnpricedCostUj,
    unpriced_carbon_uj: row.UnpricedCarbonUj,
    measured_uj: row.MeasuredUj,
    interpolated_uj: row.InterpolatedUj,
    estimated_uj: row.EstimatedUj,
    simulated_uj: row.SimulatedUj,
    entries: `${row.Entries}`,
  }
}
