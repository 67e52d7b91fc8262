/**
 * Guarantees: the grammar of Kubernetes' label selectors, as `kubectl get -l` and HorizontalPodAutoscalers write it; what it does
 * not allow is refused with the place; selectors of any content are read in linear time and their number of requirements is limited.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseLabelSelector, selects } from '../../../../query/scaling/kubernetes/selector.ts'

const LABELS = { policy: 'checkout', zone: 'DE', 'app.kubernetes.io/name': 'shop', rank: '7', empty: '' }

describe('a selector', () => {
  it.each([
    ['', true],
    ['   ', true],
    ['policy=checkout', true],
    ['policy==checkout', true],
    ['policy = checkout , zone = DE', true],
    ['policy=other', false],
    ['policy!=other', true],
    ['policy!=checkout', false],
    ['none!=x', true],
    ['none=x', false],
    ['policy', true],
    ['none', false],
    ['!none', true],
    ['! none', true],
    ['!policy', false],
    ['policy in (checkout)', true],
    ['policy in (a,checkout , b)', true],
    ['policy in(a,checkout)', true],
    ['policy in (a,b)', false],
    ['none in (a)', false],
    ['policy notin (a,b)', true],
    ['policy notin (checkout)', false],
    ['none notin (a)', true],
    ['empty=', true],
    ['empty', true],
    ['policy=,zone=DE', false],
    ['empty in (a,)', true],
    ['empty in (,a)', true],
    ['empty in (a,,b)', true],
    ['app.kubernetes.io/name=shop,policy', true],
    ['rank>6', true],
    ['rank > 7', false],
    ['rank<8', true],
    ['zone>1', false],
    ['in=x', false],
    ['policy in (in,notin)', false],
    ['policy in (checkout),zone notin (FR),!none,rank>1', true],
    ['constructor', false],
  ])('%s', (text, expected) => {
    expect(selects(parseLabelSelector(text), LABELS)).toBe(expected)
  })

  it.each([
    ',',
    'a,',
    ',a',
    'a,,b',
    '=b',
    'a=b=c',
    'a b',
    'a in',
    'a in b',
    'a in (b',
    'a in ()',
    'a in (b c)',
    'a in (b))',
    'a notin',
    '!',
    '!a=b',
    'a=(b)',
    'a=-b',
    'a/b/c=d',
    '/a',
    'A/b=c',
    'a=b!',
    'a>b',
    'a>',
    'ü=1',
    `a=${'x'.repeat(64)}`,
    `${'x'.repeat(64)}=a`,
    `${'a.'.repeat(150)}b/c=d`,
    `${'a,'.repeat(60)}a`,
  ])('%s is refused', text => {
    expect(() => parseLabelSelector(text)).toThrow(/label selector/)
  })
})

it('never fails in another way, whatever the text', () => {
  const piece = fc.constantFrom(
    'a',
    'in',
    'notin',
    '(',
    ')',
    ',',
    '!',
    '=',
    '==',
    '!=',
    '<',
    '>',
    ' ',
    '1',
    'x/y',
    '\u0000',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), pieces => {
      try {
        selects(parseLabelSelector(pieces.join('')), LABELS)
      } catch (error) {
        expect(String(error)).toMatch(/parameter_invalid/)
      }
    }),
    { seed: 11, numRuns: 3_000 },
  )
})

it('reads the longest header that the listener takes', () => {
  for (const text of [
    '('.repeat(16_000),
    '!'.repeat(16_000),
    `a in (${'b,'.repeat(8_000)}b)`,
    ' '.repeat(16_000),
    `${'a.'.repeat(8_000)}/b`,
  ]) {
    try {
      parseLabelSelector(text)
    } catch (error) {
      expect(String(error).length).toBeLessThan(500)
    }
  }
})
