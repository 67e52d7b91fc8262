/** Schemas of PUE and embodied emissions: the same in the configuration, in files and in the API. */
import { z } from 'zod'
import { parseDecimal } from '../../../model/decimal.ts'
import { ZONE, ZONE_SHAPE } from '../../../model/zone.ts'
import { decimal } from './quantities.ts'

/** A whole UTC second of ISO 8601. */
export const utcTime = z
  .string()
  .refine(
    text => TIME.test(text) && !Number.isNaN(Date.parse(text)) && Date.parse(text) >= 0,
    'must be a whole UTC second such as 2026-11-30T12:00:00Z',
  )

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.0+)?)?(Z|[+-]\d\d:?\d\d)$/

const isAtLeastOne = (text: string): boolean => {
  const { mantissa, scale } = parseDecimal(text)
  return mantissa >= 10n ** BigInt(scale)
}

const source = z.string().min(1).max(200).describe('Where the values come from')

/** Values of one call. */
const MOST_VALUES = 10_000

/** PUE of a site or of all hosts in a zone, by time. */
export const pueSchema = z
  .strictObject({
    site: z.string().min(1).max(200).optional().describe('Name of a site, as in `sites`'),
    zone: z
      .string()
      .regex(ZONE, `must be ${ZONE_SHAPE}`)
      .optional()
      .describe('Grid zone, in place of a site'),
    source,
    values: z
      .array(
        z.strictObject({
          from: utcTime.describe('Start of validity'),
          to: utcTime.optional().describe('End of validity (exclusive); without it until further notice'),
          pue: decimal
            .refine(
              isAtLeastOne,
              'must be at least 1: the energy of the facility includes that of the machines',
            )
            .describe('Power usage effectiveness (facility energy / IT energy)'),
        }),
      )
      .min(1)
      .max(MOST_VALUES)
      .describe('Values with their times, without overlaps'),
  })
  .refine(one => (one.site === undefined) !== (one.zone === undefined), 'give either a site or a zone')

/** Embodied emissions of hosts of one type. */
export const embodiedSchema = z.strictObject({
  host_type: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/, 'must be up to 100 letters, digits, `-`, `_` or `.`')
    .describe('Name of the type, such as the model of the server'),
  hosts: z
    .array(z.string().min(1).max(300))
    .min(1)
    .max(10_000)
    .describe('Names or ids of its hosts, `*` as wildcard'),
  kg: decimal.describe('Embodied emissions of one host without its GPUs, kgCO2e'),
  years: decimal
    .refine(
      text => parseDecimal(text).mantissa > 0n,
      'must be above 0: emissions are spread over these years',
    )
    .default('5')
    .describe('Expected lifespan over which emissions are spread'),
  gpus: z
    .strictObject({
      count: z.int().min(1).max(1_000).describe('GPUs of one host'),
      kg: decimal.describe('Embodied emissions of one GPU, kgCO2e'),
    })
    .optional()
    .describe('GPUs: their emissions are shared by GPU time'),
  valid_from: utcTime.optional().describe('Start of validity; without it always'),
  valid_to: utcTime.optional().describe('End of validity (exclusive); without it until further notice'),
  source,
})
