// Guarantees: places are filled once with the alert's values; what is not known is refused when the rule is read.
import { expect, it } from 'vitest'
import { checkTemplate, renderAlertText } from '../../../core/alerts/template.ts'

const data = { labels: { host: 'h1', tricky: '{{ $value }}' }, value: 0.123456789 }

it.each([
  ['{{ $labels.host }} uses {{$value}}', 'h1 uses 0.123457'],
  ['{{ .Labels.host }}/{{ .Value }}', 'h1/0.123457'],
  ['{{ $value | percent }}', '12.3457 %'],
  ['{{ $value | fixed2 }} {{ $value | round }}', '0.12 0'],
  ['{{ $labels.missing }}|', '|'],
  ['{{ $labels.tricky }}', '{{ $value }}'],
  ['no places', 'no places'],
])('%s becomes %s', (template, expected) => {
  checkTemplate(template)
  expect(renderAlertText(template, data)).toBe(expected)
})

it('shows that there is no value', () => {
  expect(renderAlertText('{{ $value }}', { labels: {}, value: null })).toBe('no data')
})

it.each([
  '{{ $label.host }}',
  '{{ $value | nice }}',
  '{{ range . }}',
  '{{ $value',
  '{{ printf "%s" .Value }}',
])('refuses %s', template => expect(() => checkTemplate(template)).toThrow(RangeError))
