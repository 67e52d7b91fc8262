/** The request of docs/walkthrough-span.md, as the page shows it. */
import { readFileSync } from 'node:fs'

export const SPAN_PAGE = readFileSync(new URL('../../docs/walkthrough-span.md', import.meta.url), 'utf8')

/** OTLP/JSON; `startSeconds`: start of the span, so that its time can be stored today. */
export function spanRequest(startSeconds = 1_700_000_000): string {
  const [, json = ''] = /```json\n([\s\S]*?)```/.exec(SPAN_PAGE) ?? []
  return json.replaceAll('1700000000', String(startSeconds))
}
