import { z } from 'zod'
import { CHECK_NAMES, checkAlertSql } from '../../../alerts/checks.ts'
import { LABEL_NAME } from '../../../alerts/labels.ts'
import { checkTemplate } from '../../../alerts/template.ts'
import { USAGE_LABEL_NAMES } from '../../../alerts/usage-sql.ts'
import { TENANT, TENANT_SHAPE } from '../../../model/identity.ts'
import { addressFilter } from '../../../outgoing/addresses.ts'
import { duration, durationOrZero } from './quantities.ts'

/** A text that a function accepts: what it throws is what is wrong. */
const checked = (check: (text: string) => void) =>
  z.string().superRefine((text, context) => {
    try {
      check(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
    }
  })

const labelName = z.string().regex(LABEL_NAME, 'must be letters, digits and underscores, such as severity')
const matchers = z.record(labelName, z.string())

const rule = z.strictObject({
  alert: z.string().min(1).max(200).describe('Name of the rule, and label `alertname` of its alerts'),
  sql: checked(checkAlertSql)
    .optional()
    .describe(
      'SELECT of the tenant; each row is an alert, column `value` its value, all other columns its labels. `{from:DateTime}` and `{to:DateTime}` are the window',
    ),
  check: z
    .enum(CHECK_NAMES)
    .optional()
    .describe('A built-in check in place of `sql`; docs/alerts.md lists them'),
  by: z
    .array(z.enum(USAGE_LABEL_NAMES))
    .default(['account'])
    .describe('Labels that `energy`, `carbon`, `carbon_operational` and `cost` sum by'),
  where: z
    .partialRecord(z.enum(USAGE_LABEL_NAMES), z.string().max(1_000))
    .default({})
    .describe(
      'Labels and values, `*` as wildcard: the part of the ledger that `energy`, `carbon`, `carbon_operational` and `cost` sum',
    ),
  window: duration
    .optional()
    .describe(
      'Length of the window in seconds; it ends at the time of the evaluation. Default: that of the check, or 300',
    ),
  above: z.number().optional().describe('The value is bad above this; some checks have a default'),
  below: z.number().optional().describe('The value is bad below this'),
  for: durationOrZero.prefault(0).describe('Seconds that the value must be bad before the alert fires'),
  keep_firing_for: durationOrZero
    .prefault(0)
    .describe('Seconds that the alert keeps firing after the value is good again'),
  no_data: z
    .enum(['alert', 'ok', 'keep'])
    .optional()
    .describe(
      'When a rule with `above` or `below` gets no value: `alert` makes an alert of that, `ok` resolves its alerts, `keep` changes nothing. Default: that of the check, or `alert`',
    ),
  gone_after: durationOrZero
    .prefault(3_600)
    .describe('Seconds without a value, while the rule has others, after which an alert ends'),
  labels: z
    .record(labelName, z.string())
    .default({})
    .describe('Labels added to its alerts, such as severity'),
  annotations: z
    .record(labelName, checked(checkTemplate))
    .default({})
    .describe('Texts with `{{ $labels.NAME }}` and `{{ $value }}`'),
})

const ruleGroup = z.strictObject({
  name: z.string().min(1).max(200).describe('Display name of the group'),
  tenant: z
    .string()
    .regex(TENANT, TENANT_SHAPE)
    .default('default')
    .describe('Tenant whose rows the rules see'),
  interval: duration.prefault(60).describe('Seconds between two evaluations'),
  rules: z.array(rule).min(1).describe('Rules, evaluated for the same time'),
})

const receiver = z.strictObject({
  name: z.string().min(1).max(200).describe('Name that routes use'),
  kind: z
    .enum(['webhook', 'standard', 'cloudevents', 'slack', 'pagerduty', 'alertmanager', 'aodh'])
    .describe(
      'Form of the body: Alertmanager webhook v4, Standard Webhooks, CloudEvents, Slack, PagerDuty Events v2, Alertmanager API v2, or an Aodh alarm',
    ),
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(
      'Address to POST to; for `alertmanager` without the path. Default of `pagerduty`: its public address',
    ),
  secrets: z
    .array(
      z.string().regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'must be whsec_ and at least 24 bytes in base64'),
    )
    .max(4)
    .default([])
    .describe(
      'Secrets that sign every message as Standard Webhooks does, best as `${file:PATH}`; list the new one beside the old one to rotate',
    ),
  token: z.string().min(1).optional().describe('Sent as `Authorization: Bearer`, best as `${file:PATH}`'),
  routing_key: z.string().min(1).optional().describe('Integration key of PagerDuty, best as `${file:PATH}`'),
  send_resolved: z.boolean().default(true).describe('Whether the end of alerts is sent too'),
  timeout: duration.prefault(20).describe('Seconds that one attempt may take'),
  give_up_after: duration
    .prefault(86_400)
    .describe('Seconds after which a message that could not be delivered is dead'),
})

const route = z.strictObject({
  match: matchers.default({}).describe('Labels that must match, `*` as wildcard; none: every alert'),
  receiver: z.string().min(1).describe('Name of the receiver'),
  group_by: z.array(labelName).default(['alertname']).describe('Labels whose values make a group'),
  group_wait: durationOrZero.prefault(30).describe('Seconds before the first message of a group'),
  group_interval: duration.prefault(300).describe('Seconds between messages about changes of a group'),
  repeat_interval: duration
    .prefault(14_400)
    .describe('Seconds between messages about alerts that still fire'),
  continue: z.boolean().default(false).describe('Whether further routes see the alert too'),
})

/** Rules, and where their alerts go. */
export const alertsSchema = z
  .strictObject({
    delay: durationOrZero
      .prefault(60)
      .describe(
        'Seconds that an evaluation waits after its time, in addition to `metering.lateness`, before it looks whether the tables have everything',
      ),
    groups: z.array(ruleGroup).default([]).describe('Groups of rules'),
    receivers: z.array(receiver).default([]).describe('Who gets messages'),
    routes: z
      .array(route)
      .default([])
      .describe('Which alerts go where; the first route that matches takes an alert'),
    allow_addresses: z
      .array(checked(text => void addressFilter([text])))
      .default([])
      .describe('Addresses and networks that receivers may have besides public ones, such as 10.1.0.0/16'),
  })
  .prefault({})
