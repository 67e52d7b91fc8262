/** Incoming webhook of Slack. */
import type { SentAlert } from '../../../core/alerts/groups.ts'
import { sortedLabels } from '../../../core/alerts/labels.ts'
import { jsonReceiverBody, type MakeBody, messageSummary } from './body.ts'

/** Slack refuses a message with more than 50 blocks, and a section with more than 3,000 characters. */
const MOST_ALERTS = 40
const MOST_CHARACTERS = 2_900

/** A line for all, and a section for each alert. */
export const slackBody: MakeBody = message => {
  const summary = escaped(messageSummary(message))
  const shown = message.alerts.slice(0, MOST_ALERTS)
  const rest = message.alerts.length - shown.length
  const sections = [`*${summary}*`, ...shown.map(alertText), ...(rest === 0 ? [] : [`and ${rest} more`])]
  const blocks = sections.map(text => ({
    type: 'section',
    text: { type: 'mrkdwn', text: text.slice(0, MOST_CHARACTERS) },
  }))
  return jsonReceiverBody({ text: summary, blocks })
}

function alertText({ labels, annotations, endsAt }: SentAlert): string {
  const text = annotations['description'] ?? annotations['summary'] ?? labels['alertname'] ?? ''
  const named = sortedLabels(labels).map(([name, value]) => `${name}=${value}`)
  return `${endsAt === null ? ':red_circle:' : ':large_green_circle:'} ${escaped(text)}\n\`${escaped(named.join(', ')).replaceAll('`', "'")}\``
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
